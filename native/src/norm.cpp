#include "norm.h"

#include <stdexcept>
#include <string>

#include "thread_pool.h"

namespace ossian {
namespace {

constexpr int64_t kTokensPerChunk = 4;

void check_ids(const int32_t* ids, int64_t num_tokens, int64_t num_rows) {
  for (int64_t t = 0; t < num_tokens; ++t) {
    if (ids[t] < 0 || ids[t] >= num_rows) {
      throw std::invalid_argument("input_ids[" + std::to_string(t) + "] is " + std::to_string(ids[t]) +
                                  "; it must be in [0, " + std::to_string(num_rows) + ")");
    }
  }
}

}  // namespace

void embed(const uint16_t* table, int64_t num_rows, int64_t size, const int32_t* ids, int64_t num_tokens, float* out) {
  check_ids(ids, num_tokens, num_rows);
  const NormKernels& kernels = OSSIAN_SELECT(norm_kernels);
  parallel_for(num_tokens, kTokensPerChunk, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) kernels.widen_bf16(table + ids[t] * size, size, out + t * size);
  });
}

void rms_norm(const float* x, const float* weight, float eps, int64_t num_tokens, int64_t size, float* out) {
  const NormKernels& kernels = OSSIAN_SELECT(norm_kernels);
  parallel_for(num_tokens, kTokensPerChunk, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) kernels.rms_norm(x + t * size, weight, eps, size, out + t * size);
  });
}

}  // namespace ossian
