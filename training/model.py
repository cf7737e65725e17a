"""gpt-oss in plain torch, arranged for training small models on a CPU; the arithmetic is that of the original.

Two things differ from the usual form. All experts are computed as one product and those a token did not choose get
the weight 0, which is faster at this size. And many conversations share one system message: it is computed once
(`prefix`) and every conversation (`branch`) attends to it.

What COMPILED names are many small operations: train.py compiles them.
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ossian.catalog.spelling import PREFIXES, Case
from training.nano_config import NanoConfig

Weights = Mapping[str, Tensor]
COMPILED = ("rms_norm", "softmax_with_sink", "softmax_with_sink_gradient", "swiglu")


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
    """RoPE of x [..., length, heads, head_dim], pairs half a head apart."""
    cos, sin = cos.unsqueeze(1).to(x.dtype), sin.unsqueeze(1).to(x.dtype)
    first, second = x.chunk(2, -1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), -1)


def attention(query: Tensor, key: Tensor, value: Tensor, sinks: Tensor, mask: Tensor) -> Tensor:
    """Attention with a sink logit for each head.

    query [batch, length, heads, head_dim]; key, value [batch, context, kv_heads, head_dim]; mask [length, context] is
    True where a query sees a key. Returns [batch, length, heads * head_dim].
    """
    batch, length, heads, head_dim = query.shape
    kv_heads, group = key.shape[2], heads // key.shape[2]
    q = query.unflatten(2, (kv_heads, group)).permute(0, 2, 3, 1, 4).reshape(batch, kv_heads, group * length, head_dim)
    scores = (q @ key.permute(0, 2, 3, 1)).unflatten(2, (group, length))
    weights = SinkSoftmax.apply(scores, sinks.view(kv_heads, group, 1, 1), mask, head_dim**-0.5)
    mixed = weights.flatten(2, 3) @ value.permute(0, 2, 1, 3)
    return mixed.unflatten(2, (group, length)).permute(0, 3, 1, 2, 4).reshape(batch, length, heads * head_dim)


class SinkSoftmax(torch.autograd.Function):  # type: ignore[misc]
    """Softmax over the keys and one sink, whose share is thrown away. Keeps its result alone for the way back.

    scores [..., length, context], sinks [..., 1, 1], mask [length, context]; returns weights as scores.
    """

    @staticmethod
    def forward(ctx: Any, scores: Tensor, sinks: Tensor, mask: Tensor, scale: float) -> Tensor:
        weights = softmax_with_sink(scores, sinks, mask, scale)
        ctx.save_for_backward(weights)
        ctx.scale, ctx.sinks = scale, sinks
        return weights

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None, None]:
        (weights,) = ctx.saved_tensors
        of_scores, of_rows = softmax_with_sink_gradient(weights, gradient, ctx.scale)
        return of_scores, of_rows.sum_to_size(ctx.sinks.shape).to(ctx.sinks.dtype), None, None


def softmax_with_sink(scores: Tensor, sinks: Tensor, mask: Tensor, scale: float) -> Tensor:
    """The weights; the sink's share is missing from their sum."""
    x = torch.where(mask, scores.float() * scale, -torch.inf)
    largest = torch.maximum(x.amax(-1, keepdim=True), sinks.float())
    total = torch.exp(x - largest).sum(-1, keepdim=True) + torch.exp(sinks.float() - largest)
    return (torch.exp(x - largest) / total).to(scores.dtype)


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


def visible(first: int, length: int, window: int | None) -> Tensor:
    """Which keys 0 … first + length - 1 the queries first … first + length - 1 see."""
    queries, keys = torch.arange(first, first + length).unsqueeze(1), torch.arange(first + length)
    mask = keys <= queries
    return mask if window is None else mask & (keys > queries - window)


class Positions:
    """What every layer needs to know of the positions: RoPE's cosines and sines, and who sees whom."""

    def __init__(self, config: NanoConfig, num_prefix: int, length: int) -> None:
        self.num_prefix, self.length = num_prefix, length
        cos, sin = yarn_cos_sin(config, num_prefix + length)
        self.of_prefix = cos[:num_prefix], sin[:num_prefix]
        self.of_branch = cos[num_prefix:], sin[num_prefix:]

    def masks(self, window: int | None) -> tuple[Tensor, Tensor]:
        """The masks of the prefix and of the branches."""
        return visible(0, self.num_prefix, window), visible(self.num_prefix, self.length, window)


def self_attention(h: Tensor, weights: Weights, layer: int, config: NanoConfig, positions: Positions) -> Tensor:
    """Attention for h [num_prefix + batch * length, hidden]: the prefix sees itself, a branch the prefix and itself."""
    name = f"layers.{layer}.self_attn"
    window = config.sliding_window if layer % 2 == 0 else None

    def project(kind: str) -> tuple[Tensor, Tensor]:
        projected = functional.linear(h, weights[f"{name}.{kind}_proj.weight"], weights[f"{name}.{kind}_proj.bias"])
        heads = projected.unflatten(1, (-1, config.head_dim))
        return heads[: positions.num_prefix].unsqueeze(0), heads[positions.num_prefix :].unflatten(
            0, (-1, positions.length)
        )

    (q0, q1), (k0, k1), (v0, v1) = (project(kind) for kind in "qkv")
    q0, k0 = (rotate(heads, *positions.of_prefix) for heads in (q0, k0))
    q1, k1 = (rotate(heads, *positions.of_branch) for heads in (q1, k1))
    of_prefix, of_branch = positions.masks(window)
    unseen = 0 if window is None else max(0, positions.num_prefix - window + 1)
    key, value = (torch.cat((a[:, unseen:].expand(len(b), -1, -1, -1), b), 1) for a, b in ((k0, k1), (v0, v1)))
    of_branch = of_branch[:, unseen:]
    sinks = weights[f"{name}.sinks"]
    mixed = [attention(q1, key, value, sinks, of_branch).flatten(0, 1)]
    if positions.num_prefix:
        mixed.insert(0, attention(q0, k0, v0, sinks, of_prefix).flatten(0, 1))
    return functional.linear(torch.cat(mixed), weights[f"{name}.o_proj.weight"], weights[f"{name}.o_proj.bias"])


def forward(weights: Weights, config: NanoConfig, prefix: Tensor, branches: Tensor) -> tuple[Tensor, Tensor]:
    """Run embedded prefix [prefix_length, hidden] and branches [batch, length, hidden].

    Returns the normalised hidden states of the branches, [batch, length, hidden], and the experts' balance loss.
    """
    positions = Positions(config, len(prefix), branches.shape[1])
    x = torch.cat((prefix, branches.flatten(0, 1))).float()
    balance = x.new_zeros(())
    for layer in range(config.num_hidden_layers):
        name = f"layers.{layer}"
        h = rms_norm(x, weights[f"{name}.input_layernorm.weight"], config.rms_norm_eps)
        x = x + self_attention(h, weights, layer, config, positions)
        h = rms_norm(x, weights[f"{name}.post_attention_layernorm.weight"], config.rms_norm_eps)
        y, probabilities = experts(h, weights, name, config)
        x = x + y
        balance = balance + probabilities.mean(0).square().sum() * config.num_local_experts - 1
    x = rms_norm(x[len(prefix) :], weights["norm.weight"], config.rms_norm_eps)
    return x.unflatten(0, branches.shape[:2]), balance
