#include "../sampling_row.h"
#include "../simd_math.h"

namespace ossian::OSSIAN_ISA_NS {
namespace {

static_assert(kSamplingChunk == 4 * kLanes);

alignas(64) constexpr int32_t kBits[kLanes] = {1 << 0, 1 << 1, 1 << 2,  1 << 3,  1 << 4,  1 << 5,  1 << 6,  1 << 7,
                                               1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14, 1 << 15};

void mask(float* logits, int64_t size, const uint32_t* mask) {
  const f32x16 minus_infinity = splat(-__builtin_inff());
  const i32x16 bits = load_i32(kBits);
  for (int64_t i = 0; i < size; i += kLanes) {
    const i32x16 allowed = splat_i32(static_cast<int32_t>(mask[i / 32] >> (i % 32) & 0xFFFFU)) & bits;
    const auto num_left = static_cast<size_t>(size - i < kLanes ? size - i : kLanes);
    const f32x16 x = load_first(logits + i, num_left, 0.0F);
    store_first(logits + i, select(equal_i32(allowed, splat_i32(0)), minus_infinity, x), num_left);
  }
}

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

void bins(const float* logits, float lowest, float scale, int32_t* bins) {
  const f32x16 last = splat(static_cast<float>(kSamplingBins - 1));
  for (int64_t i = 0; i < kSamplingChunk; i += kLanes) {
    const f32x16 place = (load(logits + i) - splat(lowest)) * splat(scale);
    store_i32(bins + i, round_to_i32(min(max(place, zero_f32()), last)));
  }
}

}  // namespace

const SamplingKernels sampling_kernels{mask, maxima, sums, weights, bins};

}  // namespace ossian::OSSIAN_ISA_NS
