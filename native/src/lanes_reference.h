// The sixteen virtual lanes in plain loops: what the references share.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace ossian::reference {

// The tree of simd.h's reduce_add: lanes i and i + 8, then i + 4, i + 2, i + 1.
inline float reduce_add(const float lanes[16]) {
  float sums[16];
  for (int i = 0; i < 16; ++i) sums[i] = lanes[i];
  for (int width = 8; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) sums[i] = sums[i] + sums[i + width];
  }
  return sums[0];
}

inline float from_bf16(uint16_t value) { return std::bit_cast<float>(uint32_t{value} << 16); }

// Nearest, ties to even.
inline uint16_t to_bf16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value)) return static_cast<uint16_t>(bits >> 16);
  return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

}  // namespace ossian::reference
