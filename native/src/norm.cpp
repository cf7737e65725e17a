#include "norm.h"

#include "thread_pool.h"

namespace ossian {
namespace {

constexpr int64_t kTokensPerChunk = 4;

}  // namespace

void rms_norm(const float* x, const float* weight, float eps, int64_t num_tokens, int64_t size, float* out) {
  const NormKernels& kernels = OSSIAN_SELECT(norm_kernels);
  parallel_for(num_tokens, kTokensPerChunk, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) kernels.rms_norm(x + t * size, weight, eps, size, out + t * size);
  });
}

}  // namespace ossian
