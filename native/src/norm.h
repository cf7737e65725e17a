// RMSNorm.
#pragma once

#include <cstdint>

#include "kernel_table.h"

namespace ossian {

// out[t] = x[t] / sqrt(mean(x[t]²) + eps) * weight.  x, out: [num_tokens, size]; they may be the same array.
void rms_norm(const float* x, const float* weight, float eps, int64_t num_tokens, int64_t size, float* out);

struct NormKernels {
  void (*rms_norm)(const float* x, const float* weight, float eps, int64_t size, float* out);
};
OSSIAN_KERNEL_TABLE(NormKernels, norm_kernels);

}  // namespace ossian
