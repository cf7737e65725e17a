#include "embedding.h"

#include "simd.h"

namespace ossian::OSSIAN_ISA_NS {
namespace {

void widen_bf16(const uint16_t* in, int64_t size, float* out) {
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) store(out + i, load_bf16(in + i));
  for (; i < size; ++i) {
    uint16_t half;  // the table may be unaligned
    std::memcpy(&half, reinterpret_cast<const uint8_t*>(in) + 2 * i, sizeof half);
    const uint32_t bits = static_cast<uint32_t>(half) << 16;
    std::memcpy(out + i, &bits, sizeof bits);
  }
}

}  // namespace

const EmbeddingKernels embedding_kernels{widen_bf16};

}  // namespace ossian::OSSIAN_ISA_NS
