#include "../rope.h"

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

}  // namespace

const RopeKernels rope_kernels{rotate};

}  // namespace ossian::OSSIAN_ISA_NS
