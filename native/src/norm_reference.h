// norm.h in naive loops, with the same order of operations.
#pragma once

#include <cmath>
#include <cstdint>

#include "lanes_reference.h"

namespace ossian::reference {

inline void rms_norm(const float* x, const float* weight, float eps, int64_t size, float* out) {
  float lanes[16] = {};
  for (int64_t i = 0; i < size; ++i) lanes[i % 16] = std::fma(x[i], x[i], lanes[i % 16]);
  const float mean = reduce_add(lanes) / static_cast<float>(size);
  const float scale = 1.0f / std::sqrt(mean + eps);
  for (int64_t i = 0; i < size; ++i) out[i] = x[i] * scale * weight[i];
}

}  // namespace ossian::reference
