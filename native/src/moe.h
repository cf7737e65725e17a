// The mixture of experts.
#pragma once

#include <cstdint>

#include "expert_weights.h"

namespace ossian {

struct Routing {
  const int32_t* expert_ids;    // [num_tokens, k]
  const float* expert_weights;  // [num_tokens, k]
  int64_t num_tokens;
  int64_t k;
};

// out += Σ_k weight_k · down_k(swiglu(gate_up_k(x))), ranks summed in order.  x, out: [num_tokens, hidden_size]
// Activations are quantised to int8 in groups of 32, or rounded to bf16 when `exact`.
// Throws std::invalid_argument for an expert id outside [0, num_experts).
void moe(const float* x, const ExpertWeights& experts, const Routing& routing, float swiglu_limit, float* out,
         bool exact);

}  // namespace ossian
