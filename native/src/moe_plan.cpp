#include "moe_plan.h"

#include <numeric>
#include <stdexcept>
#include <string>

namespace ossian {
namespace {

void check_ids(const Routing& routing, int64_t num_experts) {
  for (int64_t i = 0; i < routing.num_tokens * routing.k; ++i) {
    const int32_t id = routing.expert_ids[i];
    if (id >= 0 && id < num_experts) continue;
    throw std::invalid_argument("expert_ids has " + std::to_string(id) + "; it must be in [0, " +
                                std::to_string(num_experts) + ")");
  }
}

}  // namespace

MoePlan::MoePlan(const Routing& routing, int64_t num_experts)
    : tokens(routing.num_tokens * routing.k), in_order(tokens.size()), slots(tokens.size()) {
  check_ids(routing, num_experts);
  std::iota(in_order.begin(), in_order.end(), 0);
  std::vector<int32_t> next_slot(num_experts + 1);  // counting sort
  for (size_t i = 0; i < slots.size(); ++i) ++next_slot[routing.expert_ids[i] + 1];
  for (int64_t id = 0; id < num_experts; ++id) {
    if (next_slot[id + 1] != 0) experts.push_back({id, next_slot[id + 1]});
    next_slot[id + 1] += next_slot[id];
  }
  for (size_t i = 0; i < slots.size(); ++i) {
    slots[i] = next_slot[routing.expert_ids[i]]++;
    tokens[slots[i]] = static_cast<int32_t>(static_cast<int64_t>(i) / routing.k);
  }
}

}  // namespace ossian
