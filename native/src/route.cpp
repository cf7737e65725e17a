#include "route.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "thread_pool.h"

namespace ossian {
namespace {

constexpr int64_t kExpertsPerPart = 8;
constexpr int64_t kPartsPerChunk = 2;
constexpr int64_t kTokensPerChunk = 16;

// Reused from call to call, so that a step touches no fresh memory once it has run.
thread_local std::vector<float> logits_storage;

// The k best of logits, best first.
void choose(std::span<const float> logits, int64_t k, int32_t* ids, float* values) {
  static thread_local std::vector<int32_t> order;
  order.resize(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto rank = [&](int32_t id) { return std::isnan(logits[id]) ? -INFINITY : logits[id]; };
  std::partial_sort(order.begin(), order.begin() + k, order.end(),
                    [&](int32_t a, int32_t b) { return rank(a) > rank(b) || (rank(a) == rank(b) && a < b); });
  for (int64_t i = 0; i < k; ++i) {
    ids[i] = order[i];
    values[i] = logits[order[i]];
  }
}

// A token's experts are cut in parts: the weights of one token's come from memory, and one thread alone reads them at
// half the speed.
void compute_logits(const RouteKernels& kernels, const float* x, int64_t num_tokens, const Router& router,
                    float* logits) {
  const int64_t num_parts = (router.num_experts + kExpertsPerPart - 1) / kExpertsPerPart;
  parallel_for(num_tokens * num_parts, kPartsPerChunk, [&](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; ++item) {
      const int64_t token = item / num_parts;
      const int64_t first = item % num_parts * kExpertsPerPart;
      const int64_t last = std::min(router.num_experts, first + kExpertsPerPart);
      kernels.logits(x + token * router.hidden_size, router, first, last, logits + token * router.num_experts);
    }
  });
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
  const auto num_experts = static_cast<size_t>(router.num_experts);
  if (logits_storage.size() < num_tokens * num_experts) logits_storage.resize(num_tokens * num_experts);
  float* logits = logits_storage.data();
  compute_logits(kernels, x, num_tokens, router, logits);
  parallel_for(num_tokens, kTokensPerChunk, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      choose({logits + t * num_experts, num_experts}, k, expert_ids + t * k, expert_weights + t * k);
      kernels.softmax(expert_weights + t * k, k);
    }
  });
}

}  // namespace ossian
