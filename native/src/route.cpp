#include "route.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "thread_pool.h"

namespace ossian {
namespace {

constexpr int64_t kTokensPerChunk = 2;

// The k best of logits, best first.
void choose(const std::vector<float>& logits, int64_t k, int32_t* ids, float* values) {
  std::vector<int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto rank = [&](int32_t id) { return std::isnan(logits[id]) ? -INFINITY : logits[id]; };
  std::partial_sort(order.begin(), order.begin() + k, order.end(),
                    [&](int32_t a, int32_t b) { return rank(a) > rank(b) || (rank(a) == rank(b) && a < b); });
  for (int64_t i = 0; i < k; ++i) {
    ids[i] = order[i];
    values[i] = logits[order[i]];
  }
}

}  // namespace

void route(const float* x, int64_t num_tokens, const Router& router, int64_t k, int32_t* expert_ids,
           float* expert_weights) {
  const int64_t max_k = std::min(router.num_experts, kMaxExpertsPerToken);
  if (k < 1 || k > max_k) {
    throw std::invalid_argument("expert_ids asks for " + std::to_string(k) + " experts per token; it must be 1 to " +
                                std::to_string(max_k));
  }
  const RouteKernels& kernels = OSSIAN_SELECT(route_kernels);
  parallel_for(num_tokens, kTokensPerChunk, [&](int64_t begin, int64_t end) {
    std::vector<float> logits(router.num_experts);
    for (int64_t t = begin; t < end; ++t) {
      kernels.logits(x + t * router.hidden_size, router, logits.data());
      choose(logits, k, expert_ids + t * k, expert_weights + t * k);
      kernels.softmax(expert_weights + t * k, k);
    }
  });
}

}  // namespace ossian
