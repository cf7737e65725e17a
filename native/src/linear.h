// Dense layers.
#pragma once

#include <cstdint>

#include "dense_weight.h"

namespace ossian {

// out = x Wᵀ + b, or out += x Wᵀ + b.  x: [num_tokens, num_cols], out: [num_tokens, num_rows]
// An int8 weight takes activations quantised to int8 in groups of 32; a bf16 weight takes them rounded to bf16.
// Throws std::invalid_argument when `exact` is asked of an int8 weight.
void linear(const float* x, int64_t num_tokens, const DenseWeight& weight, float* out, bool accumulate, bool exact);

}  // namespace ossian
