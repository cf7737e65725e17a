// One layer's paged KV cache: blocks of `block_size` tokens, found through block tables.
#pragma once

#include <cstdint>
#include <type_traits>

namespace ossian {

// How keys and values are kept. Fixed point is an integer for each element and a scale for each token and head: int16
// has 12 bits and a sign, which is nearer to the value than bf16's 8 bits are; int8 takes half the memory.
enum class KvFormat { bf16, int16, int8 };

constexpr int64_t item_bytes(KvFormat format) { return format == KvFormat::int8 ? 1 : 2; }

// The largest integer of a key or a value.
constexpr int32_t max_fixed(KvFormat format) { return format == KvFormat::int8 ? 127 : 4095; }

// For each block and head, keys have the tokens side by side, so that scores have one token per vector lane; values
// have the dimensions of a token side by side, so that outputs have one dimension per lane.
//   bf16          keys [head_dim, block_size], values [block_size, head_dim]
//   int16, int8   in pairs, as dot_pairs takes them, with the scales behind:
//                 keys [head_dim / 2, block_size, 2] and float32 [block_size], what an item is times;
//                 values [block_size / 2, head_dim, 2] and float32 [block_size], the base-2 logarithm of that
struct KvCache {
  void* keys;
  void* values;
  int64_t num_blocks;
  int64_t num_heads;  // key-value heads
  int64_t head_dim;
  int64_t block_size;
  KvFormat format = KvFormat::bf16;

  int64_t scale_items() const { return format == KvFormat::bf16 ? 0 : 4 / item_bytes(format); }  // of one token
  int64_t head_items() const { return (head_dim + scale_items()) * block_size; }                 // in one block

  template <class Item = uint16_t>
  Item* key_block(int64_t block, int64_t head) const {
    return static_cast<Item*>(keys) + (block * num_heads + head) * head_items();
  }
  template <class Item = uint16_t>
  Item* value_block(int64_t block, int64_t head) const {
    return static_cast<Item*>(values) + (block * num_heads + head) * head_items();
  }
};

// Where the scales of a block's keys or values are.
template <class Item>
auto* scales_of(const KvCache& cache, Item* block) {
  using Scale = std::conditional_t<std::is_const_v<Item>, const float, float>;
  return reinterpret_cast<Scale*>(block + cache.head_dim * cache.block_size);
}

}  // namespace ossian
