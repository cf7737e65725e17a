#include "route.h"

#include "simd.h"
#include "simd_math.h"

namespace ossian::OSSIAN_ISA_NS {
namespace {

// Dot products of x with N rows; lane l sums elements l, l + 16, l + 32, …
template <int N>
void dot_rows(const float* x, const float* rows, int64_t size, float* out) {
  f32x16 sums[N];
  for (int n = 0; n < N; ++n) sums[n] = zero_f32();
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    const f32x16 v = load(x + i);
    for (int n = 0; n < N; ++n) sums[n] = fma(load(rows + n * size + i), v, sums[n]);
  }
  if (i < size) {
    const auto rest = static_cast<size_t>(size - i);
    const f32x16 v = load_first(x + i, rest, 0.0f);
    for (int n = 0; n < N; ++n) sums[n] = fma(load_first(rows + n * size + i, rest, 0.0f), v, sums[n]);
  }
  for (int n = 0; n < N; ++n) out[n] = reduce_add(sums[n]);
}

void logits(const float* x, const Router& router, int64_t begin, int64_t end, float* logits) {
  const int64_t size = router.hidden_size;
  int64_t e = begin;
  for (; e + 4 <= end; e += 4) dot_rows<4>(x, router.weight + e * size, size, logits + e);
  for (; e < end; ++e) dot_rows<1>(x, router.weight + e * size, size, logits + e);
  for (e = begin; e < end; ++e) logits[e] += router.bias[e];
}

void softmax(float* values, int64_t k) {
  const auto n = static_cast<size_t>(k);
  const f32x16 all = load_first(values, n, -__builtin_inff());
  const f32x16 weights = exp(all - splat(reduce_max(all)));
  store_first(values, weights / splat(reduce_add(weights)), n);
}

}  // namespace

const RouteKernels route_kernels{.logits = logits, .softmax = softmax};

}  // namespace ossian::OSSIAN_ISA_NS
