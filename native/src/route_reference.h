// route.h in naive loops, with the same order of operations.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "lanes_reference.h"
#include "matmul_reference.h"

namespace ossian::reference {

inline float dot_lanes(const float* x, const float* w, int64_t size) {
  float lanes[16] = {};
  for (int64_t i = 0; i < size; ++i) lanes[i % 16] = std::fma(w[i], x[i], lanes[i % 16]);
  return reduce_add(lanes);
}

// The k largest by repeated search, then their softmax.
inline void route(std::vector<float> logits, int64_t k, int32_t* ids, float* weights) {
  float lanes[16] = {};
  float largest = 0.0f;
  for (int64_t rank = 0; rank < k; ++rank) {
    const auto best = std::max_element(logits.begin(), logits.end());
    ids[rank] = static_cast<int32_t>(best - logits.begin());
    if (rank == 0) largest = *best;
    lanes[rank] = exp(*best - largest);
    *best = -INFINITY;
  }
  const float sum = reduce_add(lanes);
  for (int64_t rank = 0; rank < k; ++rank) weights[rank] = lanes[rank] / sum;
}

}  // namespace ossian::reference
