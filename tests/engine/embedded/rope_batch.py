"""Random rows of queries, keys and values for the RoPE kernel, and the frequencies of gpt-oss."""

import math

import numpy as np
from numpy.typing import NDArray

from ossian.engine.embedded import kernels
from ossian.engine.embedded.kernels import KVArray, KVType

CONCENTRATION = 0.1 * math.log(32) + 1


def yarn_inv_freq() -> NDArray[np.float32]:
    """The 32 frequencies of gpt-oss: theta 150000, factor 32, 4096 original positions, not truncated."""
    dims = np.arange(32)
    freq = 150000.0 ** (dims / 32)
    low, high = (32 * math.log(4096 / (beta * 2 * math.pi)) / math.log(150000) for beta in (32, 1))
    ramp = np.clip((dims - low) / (high - low), 0, 1)
    return np.asarray((1 / (32 * freq)) * ramp + (1 / freq) * (1 - ramp), np.float32)


class RopeBatch:
    """Tokens at positions up to 131071, which go into slots of the cache in random order."""

    def __init__(
        self,
        num_tokens: int,
        num_attention_heads: int = 8,
        num_key_value_heads: int = 2,
        head_dim: int = 64,
        block_size: int = 32,
        seed: int = 0,
        dtype: KVType = np.uint16,
    ) -> None:
        rng = np.random.default_rng(seed)
        num_blocks = num_tokens // block_size + 2
        self.num_attention_heads = num_attention_heads
        self.qkv = rng.standard_normal(
            (num_tokens, (num_attention_heads + 2 * num_key_value_heads) * head_dim), np.float32
        )
        self.positions = rng.integers(0, 131072, num_tokens, np.int32)
        self.inv_freq = (150000.0 ** (-2 * np.arange(head_dim // 2) / head_dim)).astype(np.float32)
        self.concentration = CONCENTRATION
        width = head_dim + kernels.kv_scale_items(dtype)
        self.k_cache: KVArray = np.full((num_blocks, num_key_value_heads, width, block_size), 0x12, dtype)
        self.v_cache: KVArray = np.full((num_blocks, num_key_value_heads, block_size, width), 0x12, dtype)
        self.slot_mapping = rng.permutation(num_blocks * block_size)[:num_tokens]

    def run(self) -> None:
        kernels.rope_and_store_kv(
            self.qkv,
            self.positions,
            self.inv_freq,
            self.concentration,
            self.k_cache,
            self.v_cache,
            self.slot_mapping,
            self.num_attention_heads,
        )

    @property
    def heads(self) -> NDArray[np.float32]:
        """qkv by heads: those of q, then of k, then of v.  # [num_tokens, heads, head_dim]"""
        return self.qkv.reshape(len(self.qkv), -1, self.k_cache.shape[2])

    @property
    def num_rotated(self) -> int:
        return self.num_attention_heads + int(self.k_cache.shape[1])
