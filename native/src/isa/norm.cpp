#include "norm.h"

#include "simd.h"

namespace ossian::OSSIAN_ISA_NS {
namespace {

// Lane l sums the squares of elements l, l + 16, l + 32, …
float sum_of_squares(const float* x, int64_t size) {
  f32x16 sum = zero_f32();
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    const f32x16 v = load(x + i);
    sum = fma(v, v, sum);
  }
  if (i < size) {
    const f32x16 v = load_first(x + i, static_cast<size_t>(size - i), 0.0f);
    sum = fma(v, v, sum);
  }
  return reduce_add(sum);
}

void rms_norm(const float* x, const float* weight, float eps, int64_t size, float* out) {
  const float mean = sum_of_squares(x, size) / static_cast<float>(size);
  const f32x16 scale = splat(1.0f / __builtin_sqrtf(mean + eps));
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) store(out + i, load(x + i) * scale * load(weight + i));
  if (i < size) {
    const auto rest = static_cast<size_t>(size - i);
    store_first(out + i, load_first(x + i, rest, 0.0f) * scale * load_first(weight + i, rest, 0.0f), rest);
  }
}

}  // namespace

const NormKernels norm_kernels{rms_norm};

}  // namespace ossian::OSSIAN_ISA_NS
