"""Random contexts in a paged cache, the kernel over them, and attention as written down, in float64."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ossian.engine.embedded import kernels
from ossian.engine.embedded.kernels import KVArray, KVType, kv_scale_items

NAN = 0x7FC0  # bf16; fills what no query may read


def to_bf16(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Round to nearest, ties to even; the values are finite."""
    bits = values.view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def from_bf16(values: NDArray[np.uint16]) -> NDArray[np.float64]:
    return (values.astype(np.uint32) << 16).view(np.float32).astype(np.float64)


@dataclass(frozen=True)
class Shape:
    num_attention_heads: int = 8
    num_key_value_heads: int = 1
    head_dim: int = 64
    block_size: int = 32
    sliding_window: int = 0
    dtype: KVType = np.uint16

    @property
    def row_size(self) -> int:
        return (self.num_attention_heads + 2 * self.num_key_value_heads) * self.head_dim


class PagedContext:
    """One sequence: queries, keys and values at every position, its blocks shuffled among unused ones."""

    def __init__(self, shape: Shape, length: int, seed: int = 0) -> None:
        self.shape, self.length = shape, length
        self.rng = np.random.default_rng(seed)
        self.qkv = self.rng.standard_normal((length, shape.row_size), np.float32) * np.float32(1.5)
        self.sinks = self.rng.standard_normal(shape.num_attention_heads, np.float32)
        self.place(self.rng)

    def place(self, rng: np.random.Generator) -> None:
        """Put keys and values into blocks anywhere in a new cache."""
        shape = self.shape
        num_blocks = -(-self.length // shape.block_size)
        heads, width = shape.num_key_value_heads, shape.head_dim + kv_scale_items(shape.dtype)
        self.k_cache = _filled_with_nan((num_blocks + 3, heads, width, shape.block_size), shape.dtype)
        self.v_cache = _filled_with_nan((num_blocks + 3, heads, shape.block_size, width), shape.dtype)
        self.block_table = rng.permutation(num_blocks + 3)[:num_blocks].astype(np.int32)
        positions = np.arange(self.length, dtype=np.int32)
        kernels.rope_and_store_kv(
            self.qkv,
            positions,
            np.zeros(shape.head_dim // 2, np.float32),  # no rotation
            1.0,
            self.k_cache,
            self.v_cache,
            self.block_table[positions // shape.block_size].astype(np.int64) * shape.block_size
            + positions % shape.block_size,
            shape.num_attention_heads,
        )

    @cached_property
    def _bf16_kv(self) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
        shape = self.shape
        kv = to_bf16(np.ascontiguousarray(self.qkv[:, shape.num_attention_heads * shape.head_dim :]))
        keys, values = np.split(kv.reshape(self.length, -1, shape.head_dim), 2, axis=1)
        return keys, values

    def attend(self, begin: int, end: int) -> NDArray[np.float32]:
        """The kernel, for the queries [begin, end) in one call.  # [end - begin, num_attention_heads * head_dim]"""
        return attend_together([(self, begin, end)])

    def expected(self, begin: int, end: int) -> NDArray[np.float64]:
        """The same as `attend`, from the formula."""
        return np.stack([self._expected_at(position) for position in range(begin, end)])

    def _expected_at(self, position: int) -> NDArray[np.float64]:
        shape = self.shape
        first = max(0, position - shape.sliding_window + 1) if shape.sliding_window else 0
        keys, values = (from_bf16(one[first : position + 1]) for one in self._bf16_kv)
        group = shape.num_attention_heads // shape.num_key_value_heads
        q = self.qkv[position, : shape.num_attention_heads * shape.head_dim].astype(np.float64)
        q = q.reshape(shape.num_key_value_heads, group, shape.head_dim)
        scores = np.einsum("hgd,thd->hgt", q, keys) / np.sqrt(shape.head_dim)
        sinks = self.sinks.astype(np.float64).reshape(shape.num_key_value_heads, group, 1)
        highest = np.maximum(scores.max(axis=-1, keepdims=True), sinks)
        weights = np.exp(scores - highest)
        weights /= weights.sum(axis=-1, keepdims=True) + np.exp(sinks - highest)
        return np.asarray(np.einsum("hgt,thd->hgd", weights, values).reshape(-1))


def _filled_with_nan(shape: tuple[int, ...], dtype: KVType) -> KVArray:
    """A cache that nobody has written to: as bf16, and as the float32 of a scale, it holds NaN."""
    return np.ndarray(shape, dtype, buffer=np.full(math.prod(shape), NAN, np.uint16))


def attend_together(chunks: list[tuple[PagedContext, int, int]]) -> NDArray[np.float32]:
    """One call for chunks [begin, end) of several contexts of one shape, whose caches are joined into one."""
    contexts = [context for context, _, _ in chunks]
    shape = contexts[0].shape
    first_blocks = np.cumsum([0, *(len(context.k_cache) for context in contexts[:-1])])
    block_tables = np.full((len(chunks), max(len(context.block_table) for context in contexts)), -1, np.int32)
    for row, context in enumerate(contexts):
        block_tables[row, : len(context.block_table)] = context.block_table + first_blocks[row]
    out = np.full(
        (sum(end - begin for _, begin, end in chunks), shape.num_attention_heads * shape.head_dim), np.nan, np.float32
    )
    kernels.paged_attention(
        np.concatenate([context.qkv[begin:end] for context, begin, end in chunks]),
        np.concatenate([context.k_cache for context in contexts]),
        np.concatenate([context.v_cache for context in contexts]),
        block_tables,
        np.cumsum([0, *(end - begin for _, begin, end in chunks)], dtype=np.int32),
        np.array([end for _, _, end in chunks], np.int32),
        contexts[0].sinks,
        shape.sliding_window,
        out,
    )
    return out
