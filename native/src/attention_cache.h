// One layer's paged KV cache: blocks of `block_size` tokens, found through block tables.
#pragma once

#include <cstdint>

namespace ossian {

// Keys are stored with the tokens of a block side by side, so that scores have one token per vector lane; values are
// stored with the dimensions of a token side by side, so that outputs have one dimension per lane.
struct KvCache {
  uint16_t* keys;    // bf16 [num_blocks, num_heads, head_dim, block_size]
  uint16_t* values;  // bf16 [num_blocks, num_heads, block_size, head_dim]
  int64_t num_blocks;
  int64_t num_heads;  // key-value heads
  int64_t head_dim;
  int64_t block_size;

  int64_t offset(int64_t block, int64_t head) const { return (block * num_heads + head) * head_dim * block_size; }
  uint16_t* key_block(int64_t block, int64_t head) const { return keys + offset(block, head); }
  uint16_t* value_block(int64_t block, int64_t head) const { return values + offset(block, head); }
};

}  // namespace ossian
