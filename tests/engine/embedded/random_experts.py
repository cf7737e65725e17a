"""MXFP4 experts with random weights, and what they compute, straight from the formulas."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ossian.engine.embedded import kernels
from tests.engine.embedded.bfloat16 import from_bf16, rounded, to_bf16

E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], np.float64)
SWIGLU_LIMIT = 7.0


def dequantized(blocks: NDArray[np.uint8], scales: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the values of MXFP4 blocks: the low nibble of byte i is element 2i, the high one element 2i + 1."""
    nibbles = np.stack([blocks & 15, blocks >> 4], axis=-1)  # [..., num_blocks, 16, 2]
    values = E2M1[nibbles].reshape(*scales.shape, 32) * np.exp2(scales.astype(np.float64) - 127)[..., None]
    return values.reshape(*scales.shape[:-1], -1)


def swiglu(gate: NDArray[np.float64], up: NDArray[np.float64], limit: float) -> NDArray[np.float64]:
    """Clamped SwiGLU as in gpt-oss: the gate has no lower clamp."""
    gate, up = np.minimum(gate, limit), np.clip(up, -limit, limit)
    activated: NDArray[np.float64] = gate / (1 + np.exp(-1.702 * gate)) * (up + 1)
    return activated


@dataclass
class RandomExperts:
    """One layer's experts in the checkpoint's layout."""

    num_experts: int
    hidden_size: int
    intermediate_size: int

    def __post_init__(self) -> None:
        random = np.random.default_rng(self.num_experts)
        gate_up = (self.num_experts, 2 * self.intermediate_size, self.hidden_size // 32)
        down = (self.num_experts, self.hidden_size, self.intermediate_size // 32)
        self.gate_up_blocks = random.integers(0, 256, (*gate_up, 16), np.uint8)
        self.gate_up_scales = random.integers(118, 124, gate_up, np.uint8)
        self.gate_up_bias = to_bf16(random.standard_normal(gate_up[:2], np.float32))
        self.down_blocks = random.integers(0, 256, (*down, 16), np.uint8)
        self.down_scales = random.integers(118, 124, down, np.uint8)
        self.down_bias = to_bf16(random.standard_normal(down[:2], np.float32))

    def packed(self) -> kernels.ExpertWeights:
        return kernels.pack_experts(
            self.gate_up_blocks,
            self.gate_up_scales,
            self.gate_up_bias,
            self.down_blocks,
            self.down_scales,
            self.down_bias,
        )

    def expected(
        self, x: NDArray[np.float32], expert_ids: NDArray[np.int32], expert_weights: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Return Σ_k weight_k · expert_k(bf16(x)), in float64 but for the activations rounded to bf16."""
        gate_up = dequantized(self.gate_up_blocks, self.gate_up_scales)
        down = dequantized(self.down_blocks, self.down_scales)
        out = np.zeros(x.shape, np.float64)
        for t, (ids, weights) in enumerate(zip(expert_ids, expert_weights, strict=True)):
            for e, weight in zip(ids, weights, strict=True):
                u = gate_up[e] @ rounded(x[t]) + from_bf16(self.gate_up_bias[e])
                a = swiglu(u[0::2], u[1::2], SWIGLU_LIMIT)
                out[t] += weight * (down[e] @ rounded(a.astype(np.float32)) + from_bf16(self.down_bias[e]))
        return out
