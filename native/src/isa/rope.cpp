#include "../rope.h"

#include "../simd_pairs.h"

namespace ossian::OSSIAN_ISA_NS {
namespace {

// Plain C++: each output is its own two operations, which the compiler may put in lanes of any width.
void rotate(float* heads, int64_t num_heads, int64_t head_dim, const float* cos, const float* sin) {
  const int64_t half = head_dim / 2;
  for (int64_t head = 0; head < num_heads; ++head, heads += head_dim) {
    float* first = heads;
    float* second = heads + half;
    for (int64_t d = 0; d < half; ++d) {
      const float x = first[d];
      const float y = second[d];
      first[d] = __builtin_fmaf(x, cos[d], -(y * sin[d]));
      second[d] = __builtin_fmaf(y, cos[d], x * sin[d]);
    }
  }
}

float round_to_fixed(const float* x, int64_t size, int32_t limit, int16_t* out) {
  f32x16 best = zero_f32();
  for (int64_t i = 0; i < size; i += kLanes) best = max(best, abs(load(x + i)));
  const float top = reduce_max(best) / static_cast<float>(limit);
  const float scale = top > kMinFixedScale ? top : kMinFixedScale;
  const f32x16 inverse = splat(1.0f / scale);
  for (int64_t i = 0; i < size; i += kLanes) store_as_int16(out + i, round_to_i32(load(x + i) * inverse));
  return scale;
}

}  // namespace

const RopeKernels rope_kernels{.rotate = rotate, .round_to_fixed = round_to_fixed};

}  // namespace ossian::OSSIAN_ISA_NS
