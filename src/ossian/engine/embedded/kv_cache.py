"""The paged KV cache: its arrays, and how many tokens a number of bytes holds.

A layer with a sliding window needs the last window of a sequence, a full layer all of it; so they have block tables of
their own, and a block belongs to layers of one kind at a time. Any block serves either: layers are paired, the first
full one with the first sliding one and so on, and each pair shares an array. In gpt-oss, where every other layer
slides, nothing is left over. Which block belongs to whom is the BlockManager's knowledge.
"""

import math
from collections import Counter
from collections.abc import Sequence as Ids

import numpy as np

from ossian.engine.embedded.kernels import KVArray, KVType, kv_scale_items
from ossian.engine.embedded.model_config import ModelConfig
from ossian.errors import ConfigurationError
from ossian.settings import EngineSettings

CACHE_LINE = 64  # bytes; a vector that lies in two is read twice


class KVCache:
    """Keys and values of `num_blocks` blocks; `dtype` as kv_dtype says.

    Starts as zeros, which cost no memory until they are written, so that slots no token has filled yet are finite
    numbers and masking them with a weight of zero is enough.
    """

    def __init__(self, config: ModelConfig, num_blocks: int, block_size: int, dtype: KVType = np.uint16) -> None:
        heads, width = config.num_key_value_heads, config.head_dim + kv_scale_items(dtype)
        self.num_blocks = num_blocks
        self.block_size = block_size
        self._array_of = array_of_layers(config)
        self.k: list[KVArray] = []  # one a pair: [num_blocks, num_key_value_heads, width, block_size]
        self.v: list[KVArray] = []  # one a pair: [num_blocks, num_key_value_heads, block_size, width]
        for _ in range(max(self._array_of) + 1):
            self.k.append(aligned_zeros((num_blocks, heads, width, block_size), dtype))
            self.v.append(aligned_zeros((num_blocks, heads, block_size, width), dtype))

    def of_layer(self, layer: int) -> tuple[KVArray, KVArray]:
        """The keys and the values of a layer, in blocks of its kind."""
        return self.k[self._array_of[layer]], self.v[self._array_of[layer]]

    def copy_blocks(self, sources: Ids[int], targets: Ids[int]) -> None:
        """Copy what blocks hold into others, as if all were read before any is written."""
        for array in (*self.k, *self.v):
            array[list(targets)] = array[list(sources)]

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for array in (*self.k, *self.v))


def aligned_zeros(shape: tuple[int, ...], dtype: KVType) -> KVArray:
    """Zeros that begin with a cache line; attention reads the lines of int16 keys half as fast otherwise."""
    memory = np.zeros(math.prod(shape) * np.dtype(dtype).itemsize + CACHE_LINE, np.uint8)
    return np.ndarray(shape, dtype, buffer=memory, offset=-memory.ctypes.data % CACHE_LINE)


def kv_dtype(settings: EngineSettings) -> KVType:
    """How keys and values are stored: bf16 (as uint16) in exact mode, otherwise in fixed point."""
    if settings.precision == "exact":
        return np.uint16
    return np.int8 if settings.kv_cache_dtype == "int8" else np.int16


def array_of_layers(config: ModelConfig) -> list[int]:
    """Which array each layer has its K/V in: layers of one kind count from 0."""
    counts: Counter[bool] = Counter()
    arrays = []
    for layer in range(config.num_hidden_layers):
        is_sliding = config.window(layer) > 0
        arrays.append(counts[is_sliding])
        counts[is_sliding] += 1
    return arrays


def block_bytes(config: ModelConfig, block_size: int, dtype: KVType = np.uint16) -> int:
    """The bytes one block takes, over all arrays."""
    keys_and_values = 2
    token_bytes = np.dtype(dtype).itemsize * config.num_key_value_heads * (config.head_dim + kv_scale_items(dtype))
    return keys_and_values * (max(array_of_layers(config)) + 1) * token_bytes * block_size


def num_blocks_in(num_bytes: int, config: ModelConfig, block_size: int, dtype: KVType = np.uint16) -> int:
    """How many blocks fit into `num_bytes`.

    Raises ConfigurationError when not even one of each kind does.
    """
    one = block_bytes(config, block_size, dtype)
    num_blocks = num_bytes // one
    num_kinds = 2 if config.widest_window else 1
    if num_blocks < num_kinds:
        raise ConfigurationError(
            f"The KV cache gets {num_bytes} bytes, and the {num_kinds} blocks that {block_size} tokens need take "
            f"{num_kinds * one}; give engine.kv_cache_bytes more, or free memory."
        )
    return num_blocks


def max_len_in(num_blocks: int, block_size: int, window: int) -> int:
    """The most tokens a sequence can have that has all blocks to itself; window: of the sliding layers, 0 for none."""
    return max(num_blocks - num_window_blocks(window, block_size), num_blocks // 2 if window else 0) * block_size


def num_window_blocks(window: int, block_size: int) -> int:
    """The most blocks that the positions one token sees in a sliding layer can lie in."""
    return -(-(window - 1) // block_size) + 1 if window else 0
