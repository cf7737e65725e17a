// Rotary position embedding, and the way of keys and values into the cache.
#pragma once

#include <cstdint>

#include "attention_cache.h"
#include "kernel_table.h"

namespace ossian {

struct RopeKernels {
  // heads: [num_heads, head_dim] in place; cos, sin: [head_dim / 2]. Dimension d is paired with d + head_dim / 2.
  void (*rotate)(float* heads, int64_t num_heads, int64_t head_dim, const float* cos, const float* sin);
  // x[i] as the integer out[i] in [-limit, limit] times the scale that is returned.  # size: a multiple of 16
  float (*round_to_fixed)(const float* x, int64_t size, int32_t limit, int16_t* out);
};
OSSIAN_KERNEL_TABLE(RopeKernels, rope_kernels);

struct RopeBatch {
  float* qkv;  // [num_tokens, (num_attention_heads + 2 * cache.num_heads) * head_dim]; q and k are rotated in place
  int64_t num_tokens;
  int64_t num_attention_heads;
  const int32_t* positions;     // [num_tokens]
  const float* inv_freq;        // [head_dim / 2]
  float concentration;          // multiplies cos and sin
  const int64_t* slot_mapping;  // [num_tokens]: block id * block_size + offset; no slot twice
  KvCache cache;
};

inline constexpr int64_t kMaxHeadDim = 512;
inline constexpr float kMinFixedScale = 0x1p-40F;  // so that its logarithm and its inverse are ordinary numbers

// The angle is the float32 product position * inv_freq, as in the reference; its sine and cosine are exact to float32.
// Throws std::invalid_argument for a slot outside the cache.
void rope_and_store_kv(const RopeBatch& batch);

}  // namespace ossian
