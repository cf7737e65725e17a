"""gpt-oss in numpy and float64, one sequence at a time, with no cache: our reading of the specification.

Slow and plain on purpose. tests/parity holds it against Hugging Face's model, and everything else may be held against
it without torch.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ossian.engine.embedded.model_config import ModelConfig, concentration, inv_freq
from tests.engine.embedded.checkpoints import E2M1, Tensors, float32

Float64 = NDArray[np.float64]


class ReferenceModel:
    """Logits of whole sequences, from the tensors of a checkpoint."""

    def __init__(self, config: ModelConfig, tensors: Tensors) -> None:
        self._config = config
        self._tensors = tensors

    def forward(self, input_ids: NDArray[Any]) -> Float64:
        """Logits of every position.  # [num_tokens, vocab_size]"""
        x = self._weight("model.embed_tokens.weight")[input_ids]  # [num_tokens, hidden_size]
        for layer in range(self._config.num_hidden_layers):
            prefix = f"model.layers.{layer}."
            x = x + self._attention(self._norm(x, prefix + "input_layernorm"), prefix + "self_attn.", layer)
            x = x + self._moe(self._norm(x, prefix + "post_attention_layernorm"), prefix + "mlp.")
        logits: Float64 = self._norm(x, "model.norm") @ self._weight("lm_head.weight").T
        return logits

    def _attention(self, h: Float64, prefix: str, layer: int) -> Float64:
        config, num_tokens = self._config, len(h)
        q, k, v = (
            self._linear(h, f"{prefix}{name}_proj").reshape(num_tokens, -1, config.head_dim).transpose(1, 0, 2)
            for name in "qkv"
        )  # [num_heads, num_tokens, head_dim]
        k, v = (np.repeat(x, config.num_attention_heads // config.num_key_value_heads, axis=0) for x in (k, v))
        scores = self._rope(q) @ self._rope(k).transpose(0, 2, 1) / math.sqrt(config.head_dim)
        distance = np.subtract.outer(np.arange(num_tokens), np.arange(num_tokens))
        window = config.window(layer) or num_tokens
        scores = np.where((distance >= 0) & (distance < window), scores, -np.inf)
        sinks = self._weight(prefix + "sinks")[:, None, None]
        top = np.maximum(scores.max(-1, keepdims=True), sinks)
        weights = np.exp(scores - top)
        weights /= weights.sum(-1, keepdims=True) + np.exp(sinks - top)
        return self._linear((weights @ v).transpose(1, 0, 2).reshape(num_tokens, -1), f"{prefix}o_proj")

    def _rope(self, x: Float64) -> Float64:
        positions = np.arange(x.shape[1], dtype=np.float32)
        angles = np.multiply.outer(positions, inv_freq(self._config)).astype(np.float64)  # rounded as float32 once
        cos, sin = np.cos(angles) * concentration(self._config), np.sin(angles) * concentration(self._config)
        first, second = np.split(x, 2, axis=-1)
        return np.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)

    def _moe(self, h: Float64, prefix: str) -> Float64:
        logits = self._linear(h, prefix + "router")
        expert_ids = np.argsort(-logits, axis=-1, kind="stable")[:, : self._config.num_experts_per_tok]
        weights = np.exp(np.take_along_axis(logits, expert_ids, axis=-1))
        weights /= weights.sum(-1, keepdims=True)
        out = np.zeros_like(h)
        for expert in np.unique(expert_ids):
            tokens, ranks = np.nonzero(expert_ids == expert)
            out[tokens] += weights[tokens, ranks, None] * self._expert(h[tokens], prefix + "experts.", expert)
        return out

    def _expert(self, h: Float64, prefix: str, expert: int) -> Float64:
        gate_up = self._mxfp4(h, prefix + "gate_up_proj", expert)
        limit = self._config.swiglu_limit
        gate, up = np.minimum(gate_up[:, ::2], limit), np.clip(gate_up[:, 1::2], -limit, limit)
        return self._mxfp4(gate / (1 + np.exp(-1.702 * gate)) * (up + 1), prefix + "down_proj", expert)

    def _mxfp4(self, x: Float64, name: str, expert: int) -> Float64:
        blocks, scales = self._tensors[name + "_blocks"][expert], self._tensors[name + "_scales"][expert]
        values = np.stack([E2M1[blocks & 15], E2M1[blocks >> 4]], axis=-1)  # [rows, columns / 32, 16, 2]
        values = values.reshape(*scales.shape, 32) * np.exp2(scales.astype(np.float64) - 127)[..., None]
        out: Float64 = x @ values.reshape(len(scales), -1).T + self._weight(name + "_bias")[expert]
        return out

    def _norm(self, x: Float64, name: str) -> Float64:
        rms = np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + self._config.rms_norm_eps)
        normed: Float64 = x / rms * self._weight(name + ".weight")
        return normed

    def _linear(self, x: Float64, name: str) -> Float64:
        out: Float64 = x @ self._weight(name + ".weight").T + self._weight(name + ".bias")
        return out

    def _weight(self, name: str) -> Float64:
        return float32(self._tensors[name]).astype(np.float64)
