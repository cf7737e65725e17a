#include "../sampling_row.h"
#include "../simd_math.h"

namespace ossian::OSSIAN_ISA_NS {
namespace {

static_assert(kSamplingChunk == 4 * kLanes);

bool maxima(const float* logits, int64_t num_chunks, float* maxima) {
  const f32x16 infinity = splat(__builtin_inff());
  f32x16 num_invalid = zero_f32();
  for (int64_t chunk = 0; chunk < num_chunks; ++chunk, logits += kSamplingChunk) {
    f32x16 best = load(logits);
    for (int64_t i = 0; i < kSamplingChunk; i += kLanes) {
      const f32x16 x = load(logits + i);
      best = max(best, x);
      num_invalid = max(num_invalid, select(less(x, infinity), zero_f32(), splat(1.0F)));
    }
    maxima[chunk] = reduce_max(best);
  }
  return reduce_max(num_invalid) == 0.0F;
}

f32x16 weight(const float* logits, f32x16 max, f32x16 temperature) { return exp((load(logits) - max) / temperature); }

void sums(const float* logits, const float* maxima, int64_t num_chunks, float max, float temperature, float* sums) {
  const f32x16 max16 = splat(max);
  const f32x16 temperature16 = splat(temperature);
  for (int64_t chunk = 0; chunk < num_chunks; ++chunk, logits += kSamplingChunk) {
    sums[chunk] = 0.0F;
    if ((maxima[chunk] - max) / temperature < -88.0F) continue;  // exp gives 0 there
    const f32x16 left = weight(logits, max16, temperature16) + weight(logits + kLanes, max16, temperature16);
    const f32x16 right =
        weight(logits + 2 * kLanes, max16, temperature16) + weight(logits + 3 * kLanes, max16, temperature16);
    sums[chunk] = reduce_add(left + right);
  }
}

void weights(const float* logits, float max, float temperature, float* weights) {
  for (int64_t i = 0; i < kSamplingChunk; i += kLanes)
    store(weights + i, weight(logits + i, splat(max), splat(temperature)));
}

}  // namespace

const SamplingKernels sampling_kernels{maxima, sums, weights};

}  // namespace ossian::OSSIAN_ISA_NS
