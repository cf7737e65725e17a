"""A checkpoint's tensors as the kernels want them.

Experts are repacked without loss, attention and lm_head as int8 or bf16, and what is small becomes float32. Each
tensor's file pages are given back as soon as it is repacked, so that loading never holds the model twice.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ossian.engine.embedded import kernels
from ossian.engine.embedded.checkpoint import Checkpoint
from ossian.engine.embedded.kernels import BFloat16, DenseWeight, ExpertWeights, Float32
from ossian.errors import CheckpointError


@dataclass(frozen=True, slots=True)
class AttentionWeights:
    """One layer's attention, with the norm before it."""

    input_layernorm: Float32  # [hidden_size]
    qkv_proj: DenseWeight  # [q_size + 2 * kv_size, hidden_size]: rows of q, then k, then v
    o_proj: DenseWeight  # [hidden_size, q_size]
    sinks: Float32  # [num_attention_heads]


@dataclass(frozen=True, slots=True)
class MoEWeights:
    """One layer's experts and their router, with the norm before them."""

    post_attention_layernorm: Float32  # [hidden_size]
    router: Float32  # [num_local_experts, hidden_size]
    router_bias: Float32  # [num_local_experts]
    experts: ExpertWeights


@dataclass(frozen=True, slots=True)
class LayerWeights:
    """One layer."""

    attention: AttentionWeights
    moe: MoEWeights


@dataclass(frozen=True, slots=True)
class ModelWeights:
    """The whole model."""

    embed_tokens: BFloat16  # [vocab_size, hidden_size], a view of the mapped file: a step reads a few rows of it
    layers: tuple[LayerWeights, ...]
    norm: Float32  # [hidden_size]
    lm_head: DenseWeight  # [vocab_size, hidden_size]


def load_weights(checkpoint: Checkpoint, dense_format: Literal["int8", "bf16"]) -> ModelWeights:
    """Repack every tensor of an open checkpoint. Raises CheckpointError for values that are not numbers."""
    tensors = _Tensors(checkpoint, dense_format)
    return ModelWeights(
        embed_tokens=checkpoint.tensor("model.embed_tokens.weight"),
        layers=tuple(
            _load_layer(tensors, f"model.layers.{layer}.") for layer in range(checkpoint.config.num_hidden_layers)
        ),
        norm=tensors.float32("model.norm.weight"),
        lm_head=tensors.dense(["lm_head"], has_bias=False),
    )


def _load_layer(tensors: "_Tensors", layer: str) -> LayerWeights:
    attention = AttentionWeights(
        input_layernorm=tensors.float32(layer + "input_layernorm.weight"),
        qkv_proj=tensors.dense([f"{layer}self_attn.{name}_proj" for name in "qkv"]),
        o_proj=tensors.dense([layer + "self_attn.o_proj"]),
        sinks=tensors.float32(layer + "self_attn.sinks"),
    )
    moe = MoEWeights(
        post_attention_layernorm=tensors.float32(layer + "post_attention_layernorm.weight"),
        router=tensors.float32(layer + "mlp.router.weight"),
        router_bias=tensors.float32(layer + "mlp.router.bias"),
        experts=tensors.experts(layer + "mlp.experts."),
    )
    return LayerWeights(attention, moe)


class _Tensors:
    """Repacks tensors by name, dropping the pages of each behind itself."""

    def __init__(self, checkpoint: Checkpoint, dense_format: Literal["int8", "bf16"]) -> None:
        self._checkpoint = checkpoint
        self._dense_format = dense_format

    def float32(self, name: str) -> Float32:
        widened = (self._numbers(name).astype(np.uint32) << 16).view(np.float32)
        self._checkpoint.drop_pages(name)
        return widened

    def dense(self, names: list[str], has_bias: bool = True) -> DenseWeight:
        """One weight from the rows of several."""
        weight = _rows([self._checkpoint.tensor(f"{name}.weight") for name in names])
        bias = _rows([self._numbers(f"{name}.bias") for name in names]) if has_bias else None
        with _damage_located(", ".join(names)):
            packed = kernels.pack_dense(weight, bias, self._dense_format)
        for name in names:
            self._checkpoint.drop_pages(f"{name}.weight")
        return packed

    def experts(self, prefix: str) -> ExpertWeights:
        parts = [f"{prefix}{proj}_{part}" for proj in ("gate_up_proj", "down_proj") for part in _MXFP4_PARTS]
        for proj in ("gate_up_proj", "down_proj"):
            self._numbers(f"{prefix}{proj}_bias")
        with _damage_located(prefix.rstrip(".")):
            packed = kernels.pack_experts(*(self._checkpoint.tensor(name) for name in parts))
        for name in parts:
            self._checkpoint.drop_pages(name)
        return packed

    def _numbers(self, name: str) -> BFloat16:
        """A tensor that is small enough to look through; -inf is allowed, as a sink without weight."""
        tensor: BFloat16 = self._checkpoint.tensor(name)
        if np.any(((tensor & 0x7FFF) > 0x7F80) | (tensor == 0x7F80)):
            raise CheckpointError(f"tensor {name!r} has a NaN or +inf; download the checkpoint again.")
        return tensor


def _rows(tensors: list[BFloat16]) -> BFloat16:
    return tensors[0] if len(tensors) == 1 else np.concatenate(tensors)


@contextmanager
def _damage_located(place: str) -> Iterator[None]:
    """The kernels refuse values that are not numbers; only here is it known whose they are."""
    try:
        yield
    except ValueError as error:
        raise CheckpointError(f"{place}: {error}; download the checkpoint again.") from None


_MXFP4_PARTS = ("blocks", "scales", "bias")
