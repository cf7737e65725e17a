#include "rope.h"

#include <bit>
#include <cmath>
#include <stdexcept>
#include <string>

#include "thread_pool.h"

namespace ossian {
namespace {

void check(const RopeBatch& batch) {
  const int64_t num_slots = batch.cache.num_blocks * batch.cache.block_size;
  for (int64_t token = 0; token < batch.num_tokens; ++token) {
    const int64_t slot = batch.slot_mapping[token];
    if (slot >= 0 && slot < num_slots) continue;
    throw std::invalid_argument("slot_mapping[" + std::to_string(token) + "] is " + std::to_string(slot) +
                                "; it must be in [0, " + std::to_string(num_slots) + ")");
  }
}

// To nearest, ties to even; a NaN stays one.
uint16_t bf16_from_float(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value)) return static_cast<uint16_t>((bits >> 16) | 0x40U);
  return static_cast<uint16_t>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
}

// In float64 and outside isa/, so that the table does not depend on the instruction set.
void fill_angles(const RopeBatch& batch, int64_t token, float* cos, float* sin) {
  const auto position = static_cast<float>(batch.positions[token]);
  for (int64_t d = 0; d < batch.cache.head_dim / 2; ++d) {
    const float angle = position * batch.inv_freq[d];
    cos[d] = static_cast<float>(std::cos(static_cast<double>(angle)) * batch.concentration);
    sin[d] = static_cast<float>(std::sin(static_cast<double>(angle)) * batch.concentration);
  }
}

void store_bf16(const KvCache& cache, int64_t slot, const float* k, const float* v) {
  const int64_t offset = slot % cache.block_size;
  for (int64_t head = 0; head < cache.num_heads; ++head, k += cache.head_dim, v += cache.head_dim) {
    uint16_t* keys = cache.key_block(slot / cache.block_size, head) + offset;
    uint16_t* values = cache.value_block(slot / cache.block_size, head) + offset * cache.head_dim;
    for (int64_t d = 0; d < cache.head_dim; ++d) keys[d * cache.block_size] = bf16_from_float(k[d]);
    for (int64_t d = 0; d < cache.head_dim; ++d) values[d] = bf16_from_float(v[d]);
  }
}

template <class Item>
void store_fixed(const KvCache& cache, int64_t slot, const float* k, const float* v) {
  const auto round_to_fixed = OSSIAN_SELECT(rope_kernels).round_to_fixed;
  const int32_t limit = max_fixed(cache.format);
  const int64_t offset = slot % cache.block_size;
  int16_t fixed[kMaxHeadDim];
  for (int64_t head = 0; head < cache.num_heads; ++head, k += cache.head_dim, v += cache.head_dim) {
    Item* keys = cache.key_block<Item>(slot / cache.block_size, head);
    scales_of(cache, keys)[offset] = round_to_fixed(k, cache.head_dim, limit, fixed);
    for (int64_t d = 0; d < cache.head_dim; ++d) {
      keys[(d / 2 * cache.block_size + offset) * 2 + d % 2] = static_cast<Item>(fixed[d]);
    }
    Item* values = cache.value_block<Item>(slot / cache.block_size, head);
    const double scale = round_to_fixed(v, cache.head_dim, limit, fixed);
    scales_of(cache, values)[offset] = static_cast<float>(std::log2(scale));
    for (int64_t d = 0; d < cache.head_dim; ++d) {
      values[(offset / 2 * cache.head_dim + d) * 2 + offset % 2] = static_cast<Item>(fixed[d]);
    }
  }
}

void store_kv(const KvCache& cache, int64_t slot, const float* k, const float* v) {
  switch (cache.format) {
    case KvFormat::bf16:
      return store_bf16(cache, slot, k, v);
    case KvFormat::int16:
      return store_fixed<int16_t>(cache, slot, k, v);
    case KvFormat::int8:
      return store_fixed<int8_t>(cache, slot, k, v);
  }
}

void rope_and_store_token(const RopeBatch& batch, int64_t token) {
  const KvCache& cache = batch.cache;
  const int64_t num_rotated = batch.num_attention_heads + cache.num_heads;  // q and k lie side by side
  alignas(64) float cos[kMaxHeadDim / 2];
  alignas(64) float sin[kMaxHeadDim / 2];
  fill_angles(batch, token, cos, sin);
  float* q = batch.qkv + token * (num_rotated + cache.num_heads) * cache.head_dim;
  OSSIAN_SELECT(rope_kernels).rotate(q, num_rotated, cache.head_dim, cos, sin);
  const float* k = q + batch.num_attention_heads * cache.head_dim;
  store_kv(cache, batch.slot_mapping[token], k, k + cache.num_heads * cache.head_dim);
}

}  // namespace

void rope_and_store_kv(const RopeBatch& batch) {
  check(batch);
  // Tokens of one block share cache lines of keys, so a thread takes several in a row.
  parallel_for(batch.num_tokens, 16, [&batch](int64_t begin, int64_t end) {
    for (int64_t token = begin; token < end; ++token) rope_and_store_token(batch, token);
  });
}

}  // namespace ossian
