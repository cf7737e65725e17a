// RoPE as written down, in float64: the yardstick of rope.cpp.
#pragma once

#include <cmath>
#include <cstdint>

namespace ossian::reference {

// One head in place: the pair (d, d + head_dim / 2) is turned by the angle float32(position * inv_freq[d]).
inline void rotate_head(double* head, int64_t head_dim, int32_t position, const float* inv_freq, double concentration) {
  for (int64_t d = 0; d < head_dim / 2; ++d) {
    const float angle = static_cast<float>(position) * inv_freq[d];
    const double cos = std::cos(static_cast<double>(angle)) * concentration;
    const double sin = std::sin(static_cast<double>(angle)) * concentration;
    const double x = head[d];
    const double y = head[d + head_dim / 2];
    head[d] = x * cos - y * sin;
    head[d + head_dim / 2] = y * cos + x * sin;
  }
}

}  // namespace ossian::reference
