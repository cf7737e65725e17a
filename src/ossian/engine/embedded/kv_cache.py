"""The paged KV cache: its arrays, and how many tokens a number of bytes holds.

A layer with a sliding window needs the last window of a sequence, a full layer all of it; so they have block tables of
their own, and a block belongs to layers of one kind at a time. Any block serves either: layers are paired, the first
full one with the first sliding one and so on, and each pair shares an array. In gpt-oss, where every other layer
slides, nothing is left over. Which block belongs to whom is the BlockManager's knowledge.
"""

from collections import Counter
from collections.abc import Sequence as Ids

import numpy as np

from ossian.engine.embedded.kernels import BFloat16
from ossian.engine.embedded.model_config import ModelConfig
from ossian.errors import ConfigurationError


class KVCache:
    """Keys and values of `num_blocks` blocks, in bf16.

    Starts as zeros, which cost no memory until they are written, so that slots no token has filled yet are finite
    numbers and masking them with a weight of zero is enough.
    """

    def __init__(self, config: ModelConfig, num_blocks: int, block_size: int) -> None:
        heads, head_dim = config.num_key_value_heads, config.head_dim
        self.num_blocks = num_blocks
        self.block_size = block_size
        self._array_of = array_of_layers(config)
        self.k: list[BFloat16] = []  # one a pair: [num_blocks, num_key_value_heads, head_dim, block_size]
        self.v: list[BFloat16] = []  # one a pair: [num_blocks, num_key_value_heads, block_size, head_dim]
        for _ in range(max(self._array_of) + 1):
            self.k.append(np.zeros((num_blocks, heads, head_dim, block_size), np.uint16))
            self.v.append(np.zeros((num_blocks, heads, block_size, head_dim), np.uint16))

    def of_layer(self, layer: int) -> tuple[BFloat16, BFloat16]:
        """The keys and the values of a layer, in blocks of its kind."""
        return self.k[self._array_of[layer]], self.v[self._array_of[layer]]

    def copy_blocks(self, sources: Ids[int], targets: Ids[int]) -> None:
        """Copy what blocks hold into others, as if all were read before any is written."""
        for array in (*self.k, *self.v):
            array[list(targets)] = array[list(sources)]

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for array in (*self.k, *self.v))


def array_of_layers(config: ModelConfig) -> list[int]:
    """Which array each layer has its K/V in: layers of one kind count from 0."""
    counts: Counter[bool] = Counter()
    arrays = []
    for layer in range(config.num_hidden_layers):
        is_sliding = config.window(layer) > 0
        arrays.append(counts[is_sliding])
        counts[is_sliding] += 1
    return arrays


def block_bytes(config: ModelConfig, block_size: int) -> int:
    """The bytes one block takes, over all arrays."""
    keys_and_values, item_bytes = 2, 2
    return keys_and_values * item_bytes * (max(array_of_layers(config)) + 1) * config.kv_size * block_size


def num_blocks_in(num_bytes: int, config: ModelConfig, block_size: int) -> int:
    """How many blocks fit into `num_bytes`.

    Raises ConfigurationError when not even one of each kind does.
    """
    num_blocks = num_bytes // block_bytes(config, block_size)
    num_kinds = 2 if config.widest_window else 1
    if num_blocks < num_kinds:
        raise ConfigurationError(
            f"The KV cache gets {num_bytes} bytes, and the {num_kinds} blocks that {block_size} tokens need take "
            f"{num_kinds * block_bytes(config, block_size)}; give engine.kv_cache_bytes more, or free memory."
        )
    return num_blocks


def max_len_in(num_blocks: int, block_size: int, window: int) -> int:
    """The most tokens a sequence can have that has all blocks to itself; window: of the sliding layers, 0 for none."""
    return max(num_blocks - num_window_blocks(window, block_size), num_blocks // 2 if window else 0) * block_size


def num_window_blocks(window: int, block_size: int) -> int:
    """The most blocks that the positions one token sees in a sliding layer can lie in."""
    return -(-(window - 1) // block_size) + 1 if window else 0
