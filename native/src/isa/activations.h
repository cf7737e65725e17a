// Activations into groups; see token_group.h. Rounding to nearest, ties to even.
#pragma once

#include "panel.h"
#include "simd.h"

namespace ossian::OSSIAN_ISA_NS {

struct BlockScale {
  float scale;    // x = int8 * scale
  float inverse;  // int8 = round(x * inverse)
};

// The largest of 32 magnitudes becomes 127. A NaN or infinity makes the whole block NaN, so that it shows in the
// result; a block below 2^-100 counts as zero, so that the inverse stays finite.
inline BlockScale scale_of(f32x16 a, f32x16 b) {
  const int32_t bits = reduce_max_i32(max_i32(as_i32(abs(a)), as_i32(abs(b))));
  if (bits >= 0x7f800000) return {__builtin_nanf(""), 0.0f};
  float max;
  std::memcpy(&max, &bits, sizeof max);
  if (max < 0x1p-100f) return {0.0f, 0.0f};
  return {max / 127.0f, 127.0f / max};
}

// round(a * inverse), or 0 where inverse is 0 whatever a is.
inline i32x16 quantize(f32x16 a, float inverse) {
  return inverse == 0.0f ? splat_i32(0) : round_to_i32(a * splat(inverse));
}

// The FillGroup kernels of matmul_kernels.h.
void quantize_for_int8(const float* x, const int32_t* rows, int32_t num_rows, int64_t num_cols, uint8_t* group);
void quantize_for_mxfp4(const float* x, const int32_t* rows, int32_t num_rows, int64_t num_cols, uint8_t* group);
void round_to_bf16(const float* x, const int32_t* rows, int32_t num_rows, int64_t num_cols, uint8_t* group);

}  // namespace ossian::OSSIAN_ISA_NS
