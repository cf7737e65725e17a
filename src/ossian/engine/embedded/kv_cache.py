"""The paged KV cache: two arrays a layer, and how many blocks fit into a number of bytes.

Sliding layers keep every position, as full ones do, and attention masks what lies outside the window. A block then
means the same thing in every layer: once its tokens were computed, all their keys and values are there, so a prefix
found in the cache can be continued from any block boundary. Were old positions of the sliding layers given back, a
prefix would be usable only where the last window before the cut still exists. The price is memory: half of the layers
store more than they read. Which block belongs to whom is the BlockManager's knowledge.
"""

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
        self.k: list[BFloat16] = []  # one a layer: [num_blocks, num_key_value_heads, head_dim, block_size]
        self.v: list[BFloat16] = []  # one a layer: [num_blocks, num_key_value_heads, block_size, head_dim]
        for _ in range(config.num_hidden_layers):
            self.k.append(np.zeros((num_blocks, heads, head_dim, block_size), np.uint16))
            self.v.append(np.zeros((num_blocks, heads, block_size, head_dim), np.uint16))

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for array in (*self.k, *self.v))


def block_bytes(config: ModelConfig, block_size: int) -> int:
    """The bytes one block takes, over all layers."""
    keys_and_values, item_bytes = 2, 2
    return keys_and_values * item_bytes * config.num_hidden_layers * config.kv_size * block_size


def num_blocks_in(num_bytes: int, config: ModelConfig, block_size: int) -> int:
    """How many blocks fit into `num_bytes`.

    Raises ConfigurationError when not even one does.
    """
    num_blocks = num_bytes // block_bytes(config, block_size)
    if num_blocks < 1:
        raise ConfigurationError(
            f"The KV cache gets {num_bytes} bytes, and one block of {block_size} tokens takes "
            f"{block_bytes(config, block_size)}; give engine.kv_cache_bytes more, or free memory."
        )
    return num_blocks
