#include "measure.h"

#include "simd.h"
#include "simd_dot.h"

namespace ossian::OSSIAN_ISA_NS {
namespace {

constexpr int kStreams = 8;
// Enough sums to hide the latency of a dot, and no more than there are registers for.
#if defined(OSSIAN_ISA_AVX512)
constexpr int kSums = 16;
#else
constexpr int kSums = 4;
#endif

int32_t read(const uint8_t* data, int64_t num_bytes) {
  const int64_t stream_bytes = num_bytes / kStreams;
  i32x16 sums[kStreams];
  for (int s = 0; s < kStreams; ++s) sums[s] = splat_i32(0);
  for (int64_t i = 0; i < stream_bytes; i += 64) {
    OSSIAN_UNROLL
    for (int s = 0; s < kStreams; ++s) {
      sums[s] = sums[s] ^ load_i32(reinterpret_cast<const int32_t*>(data + s * stream_bytes + i));
    }
  }
  for (int s = 1; s < kStreams; ++s) sums[0] = sums[0] ^ sums[s];
  return reduce_add_i32(sums[0]);
}

int32_t dot(int64_t num_steps) {
  uint8_t bytes[64];
  for (int i = 0; i < 64; ++i) bytes[i] = static_cast<uint8_t>(i);
  const Mxfp4Step w = load_mxfp4_low(bytes);
  i32x16 sums[kSums];
  for (int s = 0; s < kSums; ++s) sums[s] = splat_i32(s);
  for (int64_t step = 0; step < num_steps * (16 / kSums); ++step) {
    const i32x16 x = splat_i32(static_cast<int32_t>(step & 0xffff));  // a constant would let the compiler multiply once
    OSSIAN_UNROLL
    for (int s = 0; s < kSums; ++s) sums[s] = ossian::OSSIAN_ISA_NS::dot(sums[s], w, x);
  }
  for (int s = 1; s < kSums; ++s) sums[0] = sums[0] ^ sums[s];
  return reduce_add_i32(sums[0]);
}

}  // namespace

const MeasureKernels measure_kernels{.read = read, .dot = dot};

}  // namespace ossian::OSSIAN_ISA_NS
