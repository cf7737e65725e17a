// The router: which experts a token goes to, and with what weight.
#pragma once

#include <cstdint>

#include "kernel_table.h"

namespace ossian {

// Logits x Wᵀ + b in float, the k largest (ties: lowest index first), softmax over those k.
//   x: [num_tokens, hidden_size], weight: [num_experts, hidden_size], bias: [num_experts]
//   expert_ids, expert_weights: [num_tokens, k], best first
// A NaN logit ranks below all others. Throws std::invalid_argument unless 1 <= k <= num_experts and k <= 16.
struct Router {
  const float* weight;
  const float* bias;
  int64_t num_experts;
  int64_t hidden_size;
};
void route(const float* x, int64_t num_tokens, const Router& router, int64_t k, int32_t* expert_ids,
           float* expert_weights);

inline constexpr int64_t kMaxExpertsPerToken = 16;

struct RouteKernels {
  // logits[e] = x · weight[e] + bias[e], for the experts e in [begin, end)
  void (*logits)(const float* x, const Router& router, int64_t begin, int64_t end, float* logits);
  // softmax of k <= 16 values, in place
  void (*softmax)(float* values, int64_t k);
};
OSSIAN_KERNEL_TABLE(RouteKernels, route_kernels);

}  // namespace ossian
