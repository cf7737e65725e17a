"""gpt-oss in plain torch, arranged for training small models on a CPU; the arithmetic is that of the original.

Two things differ from the usual form. All experts are computed as one product and those a token did not choose get
the weight 0, which is faster at this size. And the conversations of a `Group` share one system message: it is computed
once (the prefix) and every conversation (branch) attends to it. All groups of a step are run together: only attention
looks at them one by one.

What COMPILED names are many small operations: workers.py compiles them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ossian.catalog.spelling import PREFIXES, Case
from training.nano_config import NanoConfig

Weights = Mapping[str, Tensor]
COMPILED = ("queries_keys_values", "rms_norm", "softmax_with_sink", "softmax_with_sink_gradient", "swiglu")
ALIGNED = 16  # keys are filled up to a multiple: products of few shapes are prepared once, and are faster


def shapes(config: NanoConfig, num_embeddings: int, num_outputs: int) -> dict[str, tuple[int, ...]]:
    """Every trained tensor. Rows of tokens that have none of their own are made of `prefixes`, `cases` and `scale`."""
    hidden, inner, experts = config.hidden_size, config.intermediate_size, config.num_local_experts
    q_size, kv_size = config.num_attention_heads * config.head_dim, config.num_key_value_heads * config.head_dim
    layer = {
        "input_layernorm.weight": (hidden,), "post_attention_layernorm.weight": (hidden,),
        "self_attn.q_proj.weight": (q_size, hidden), "self_attn.q_proj.bias": (q_size,),
        "self_attn.k_proj.weight": (kv_size, hidden), "self_attn.k_proj.bias": (kv_size,),
        "self_attn.v_proj.weight": (kv_size, hidden), "self_attn.v_proj.bias": (kv_size,),
        "self_attn.o_proj.weight": (hidden, q_size), "self_attn.o_proj.bias": (hidden,),
        "self_attn.sinks": (config.num_attention_heads,),
        "mlp.router.weight": (experts, hidden), "mlp.router.bias": (experts,),
        "mlp.experts.gate_proj": (experts, inner, hidden), "mlp.experts.gate_proj_bias": (experts, inner),
        "mlp.experts.up_proj": (experts, inner, hidden), "mlp.experts.up_proj_bias": (experts, inner),
        "mlp.experts.down_proj": (experts, hidden, inner), "mlp.experts.down_proj_bias": (experts, hidden),
    }  # fmt: skip
    layers = {f"layers.{n}.{name}": shape for n in range(config.num_hidden_layers) for name, shape in layer.items()}
    return {
        **{f"embed_tokens.{part}": shape for part, shape in rows(num_embeddings, hidden).items()},
        **layers,
        "norm.weight": (hidden,),
        **{f"lm_head.{part}": shape for part, shape in rows(num_outputs, hidden).items()},
    }


def rows(num_trained: int, hidden: int) -> dict[str, tuple[int, ...]]:
    """The parts of the embedding or the output layer."""
    return {
        "rows": (num_trained, hidden),
        "prefixes": (len(PREFIXES), hidden),
        "cases": (len(Case), hidden),
        "scale": (1,),
    }


def rms_norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """Root mean square normalisation in float32, then back to the weight's type."""
    x = x.float()
    return (x * torch.rsqrt(x.square().mean(-1, keepdim=True) + eps) * weight.float()).to(weight.dtype)


def yarn_cos_sin(config: NanoConfig, length: int) -> tuple[Tensor, Tensor]:
    """Cosines and sines, [length, head_dim / 2], with YaRN's concentration in both."""
    half = config.head_dim // 2
    frequencies = config.rope_theta ** (torch.arange(half, dtype=torch.float64) / half)

    def bound(rotations: float) -> float:
        return half * math.log(config.initial_context_length / (rotations * 2 * math.pi)) / math.log(config.rope_theta)

    low, high = bound(32.0), bound(1.0)
    ramp = ((torch.arange(half, dtype=torch.float64) - low) / (high - low)).clamp(0, 1)
    inverse = ramp / (config.rope_factor * frequencies) + (1 - ramp) / frequencies
    angles = torch.arange(length).float().unsqueeze(1) * inverse.float()
    concentration = 0.1 * math.log(config.rope_factor) + 1
    return angles.cos() * concentration, angles.sin() * concentration


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """RoPE of x [num_tokens, heads, head_dim], pairs half a head apart; cos and sin [num_tokens, 1, head_dim / 2]."""
    first, second = x.float().chunk(2, -1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), -1).to(x.dtype)


def attention(query: Tensor, key: Tensor, value: Tensor, sinks: Tensor, bias: Tensor) -> Tensor:
    """Attention with a sink logit for each head.

    query [batch, length, heads, head_dim]; key, value [batch, context, kv_heads, head_dim]; bias [length, context] is
    0 where a query sees a key, else -inf. Returns [batch * length, heads * head_dim].
    """
    batch, length, heads, head_dim = query.shape
    kv_heads, group = key.shape[2], heads // key.shape[2]
    q = query.unflatten(2, (kv_heads, group)).permute(0, 2, 3, 1, 4).reshape(batch, kv_heads, group * length, head_dim)
    scores = (q @ key.permute(0, 2, 3, 1)).unflatten(2, (group, length))
    weights = SinkSoftmax.apply(scores, sinks.view(kv_heads, group, 1, 1), bias, head_dim**-0.5)
    mixed = weights.flatten(2, 3) @ value.permute(0, 2, 1, 3)
    return mixed.unflatten(2, (group, length)).permute(0, 3, 1, 2, 4).reshape(batch * length, heads * head_dim)


class SinkSoftmax(torch.autograd.Function):  # type: ignore[misc]
    """Softmax over the keys and one sink, whose share is thrown away. Keeps its result alone for the way back.

    scores [..., length, context], sinks [..., 1, 1], bias [length, context]; returns weights as scores.
    """

    @staticmethod
    def forward(ctx: Any, scores: Tensor, sinks: Tensor, bias: Tensor, scale: float) -> Tensor:
        weights = softmax_with_sink(scores, sinks, bias, scale)
        ctx.save_for_backward(weights)
        ctx.scale, ctx.sinks = scale, sinks
        return weights

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None, None]:
        (weights,) = ctx.saved_tensors
        of_scores, of_rows = softmax_with_sink_gradient(weights, gradient, ctx.scale)
        return of_scores, of_rows.sum_to_size(ctx.sinks.shape).to(ctx.sinks.dtype), None, None


def softmax_with_sink(scores: Tensor, sinks: Tensor, bias: Tensor, scale: float) -> Tensor:
    """The weights; the sink's share is missing from their sum."""
    x = scores.float() * scale + bias
    largest = torch.maximum(x.amax(-1, keepdim=True), sinks.float())
    powers = torch.exp(x - largest)
    return (powers / (powers.sum(-1, keepdim=True) + torch.exp(sinks.float() - largest))).to(scores.dtype)


def softmax_with_sink_gradient(weights: Tensor, gradient: Tensor, scale: float) -> tuple[Tensor, Tensor]:
    """The gradients of the scores, and of each row's sink."""
    w, g = weights.float(), gradient.float()
    inner = (w * g).sum(-1, keepdim=True)
    return (w * (g - inner) * scale).to(weights.dtype), (w.sum(-1, keepdim=True) - 1) * inner


def swiglu(gate: Tensor, up: Tensor, shares: Tensor, limit: float, alpha: float) -> Tensor:
    """The clamped SwiGLU of each expert, times the token's share of it.

    gate and up [num_tokens, experts, inner], shares [num_tokens, experts].
    """
    g, u = gate.float().clamp(max=limit), up.float().clamp(-limit, limit)
    return (g * torch.sigmoid(g * alpha) * (u + 1) * shares.float().unsqueeze(-1)).to(gate.dtype)


def experts(h: Tensor, weights: Weights, layer: str, config: NanoConfig) -> tuple[Tensor, Tensor]:
    """The mixture of experts for h [num_tokens, hidden]; also the router's probabilities, for balance."""
    scores = functional.linear(h, weights[f"{layer}.mlp.router.weight"], weights[f"{layer}.mlp.router.bias"]).float()
    chosen = scores >= scores.topk(config.num_experts_per_tok, -1).values[:, -1:]
    shares = scores.masked_fill(~chosen, -torch.inf).softmax(-1).to(h.dtype)

    def both(suffix: str) -> Tensor:
        return torch.cat([weights[f"{layer}.mlp.experts.{name}_proj{suffix}"].flatten(0, 1) for name in ("gate", "up")])

    projected = functional.linear(h, both(""), both("_bias"))
    gate, up = projected.unflatten(1, (2, config.num_local_experts, -1)).unbind(1)
    inner = swiglu(gate, up, shares, config.swiglu_limit, config.swiglu_alpha).flatten(1)
    down, bias = weights[f"{layer}.mlp.experts.down_proj"], weights[f"{layer}.mlp.experts.down_proj_bias"]
    return inner @ down.transpose(1, 2).flatten(0, 1) + shares @ bias, scores.softmax(-1)


@dataclass(frozen=True, slots=True)
class Group:
    """Conversations of one length, and the prefix they share. Its tokens stand together: prefix, then each branch."""

    num_prefix: int
    num_branches: int
    length: int

    @property
    def sizes(self) -> tuple[int, int]:
        """Tokens of the prefix, and of all branches."""
        return self.num_prefix, self.num_branches * self.length

    @property
    def positions(self) -> Tensor:
        """Each token's position in its conversation."""
        branch = torch.arange(self.num_prefix, self.num_prefix + self.length)
        return torch.cat((torch.arange(self.num_prefix), branch.repeat(self.num_branches)))

    def unseen(self, window: int | None) -> int:
        """How many tokens of the prefix no branch sees."""
        return 0 if window is None else max(0, self.num_prefix - window + 1)


def bias(first: int, length: int, window: int | None, unseen: int = 0) -> Tensor:
    """0 where the queries first … first + length - 1 see the keys unseen … first + length - 1, and -inf elsewhere.

    There are as many keys more as make their number a multiple of ALIGNED: nobody sees them.
    """
    queries = torch.arange(first, first + length).unsqueeze(1)
    keys = unseen + torch.arange(aligned(first + length - unseen))
    mask = keys <= queries
    mask = mask if window is None else mask & (keys > queries - window)
    return torch.zeros(mask.shape).masked_fill(~mask, -torch.inf)


def aligned(size: int) -> int:
    """The next multiple of ALIGNED."""
    return -(-size // ALIGNED) * ALIGNED


class Layout:
    """What every layer needs to know of the groups: RoPE's cosines and sines, and who sees whom."""

    def __init__(self, config: NanoConfig, groups: Sequence[Group], num_tokens: int) -> None:
        self.groups = groups
        sizes = [size for group in groups for size in group.sizes]
        self.num_filled = num_tokens - sum(sizes)  # tokens at the end that belong to none
        self.sizes = [*sizes, self.num_filled]
        positions = torch.cat([*(group.positions for group in groups), torch.zeros(self.num_filled, dtype=torch.long)])
        cos, sin = yarn_cos_sin(config, int(positions.max()) + 1)
        self.cos, self.sin = cos[positions].unsqueeze(1), sin[positions].unsqueeze(1)
        self.biases = {window: [biases(group, window) for group in groups] for window in (None, config.sliding_window)}


def biases(group: Group, window: int | None) -> tuple[Tensor, Tensor]:
    """The biases of the prefix and of the branches."""
    return bias(0, group.num_prefix, window), bias(group.num_prefix, group.length, window, group.unseen(window))


def queries_keys_values(
    x: Tensor, norm: Tensor, weight: Tensor, bias: Tensor, cos: Tensor, sin: Tensor, eps: float, kv_heads: int
) -> tuple[Tensor, Tensor]:
    """Queries and keys with RoPE, [num_tokens, heads + kv_heads, head_dim]; values, [num_tokens, kv_heads, …]."""
    projected = functional.linear(rms_norm(x, norm, eps), weight, bias).unflatten(1, (-1, 2 * cos.shape[-1]))
    turned, values = projected.split((projected.shape[1] - kv_heads, kv_heads), 1)
    return rotate(turned, cos, sin), values


def self_attention(x: Tensor, weights: Weights, layer: int, config: NanoConfig, layout: Layout) -> Tensor:
    """Attention for x [num_tokens, hidden]: a prefix sees itself, a branch its prefix and itself."""
    name = f"layers.{layer}.self_attn"
    window = config.sliding_window if layer % 2 == 0 else None
    heads, kv_heads = config.num_attention_heads, config.num_key_value_heads

    def all_three(suffix: str) -> Tensor:
        return torch.cat([weights[f"{name}.{kind}_proj.{suffix}"] for kind in "qkv"])

    norm = weights[f"layers.{layer}.input_layernorm.weight"]
    projections = all_three("weight"), all_three("bias")
    turned, values = queries_keys_values(x, norm, *projections, layout.cos, layout.sin, config.rms_norm_eps, kv_heads)
    parts = list(zip(turned.split(layout.sizes), values.split(layout.sizes), strict=True))
    sinks, mixed = weights[f"{name}.sinks"], []
    for index, group in enumerate(layout.groups):
        (turned0, v0), (turned1, v1) = parts[2 * index : 2 * index + 2]
        (q0, k0), (q1, k1) = (part.split((heads, kv_heads), 1) for part in (turned0, turned1))
        of_prefix, of_branch = layout.biases[window][index]
        if group.num_prefix:
            k, v = (filled(part).unsqueeze(0) for part in (k0, v0))
            mixed.append(attention(q0.unsqueeze(0), k, v, sinks, of_prefix))
        unseen, shape = group.unseen(window), (group.num_branches, group.length)
        k, v = (after(a[unseen:], b.unflatten(0, shape)) for a, b in ((k0, k1), (v0, v1)))
        mixed.append(attention(q1.unflatten(0, shape), k, v, sinks, of_branch))
    mixed.append(mixed[0].new_zeros(layout.num_filled, mixed[0].shape[1]))
    return functional.linear(torch.cat(mixed), weights[f"{name}.o_proj.weight"], weights[f"{name}.o_proj.bias"])


def filled(keys: Tensor) -> Tensor:
    """Keys or values [num_keys, kv_heads, head_dim], with zeros up to a multiple of ALIGNED."""
    return functional.pad(keys, (0, 0, 0, 0, 0, aligned(len(keys)) - len(keys)))


def after(prefix: Tensor, branches: Tensor) -> Tensor:
    """Keys or values of every branch after those of the prefix, with zeros up to a multiple of ALIGNED."""
    num_branches, length = branches.shape[:2]
    num_zeros = aligned(len(prefix) + length) - len(prefix) - length
    zeros = prefix.new_zeros(num_zeros, *prefix.shape[1:])
    return torch.cat([part.expand(num_branches, -1, -1, -1) for part in (prefix, branches, zeros)], 1)


def forward(weights: Weights, config: NanoConfig, embedded: Tensor, groups: Sequence[Group]) -> tuple[Tensor, Tensor]:
    """Run embedded tokens [num_tokens, hidden]: those of the groups, one after the other, and then any that fill up.

    Returns the normalised hidden states, [num_tokens, hidden], and the experts' balance loss.
    """
    layout = Layout(config, groups, len(embedded))
    x = embedded.float()
    balance = x.new_zeros(())
    for layer in range(config.num_hidden_layers):
        name = f"layers.{layer}"
        x = x + self_attention(x, weights, layer, config, layout)
        h = rms_norm(x, weights[f"{name}.post_attention_layernorm.weight"], config.rms_norm_eps)
        y, probabilities = experts(h, weights, name, config)
        x = x + y
        share = probabilities[: len(x) - layout.num_filled].mean(0)
        balance = balance + share.square().sum() * config.num_local_experts - 1
    return rms_norm(x, weights["norm.weight"], config.rms_norm_eps), balance
