// Which expert works on which tokens.
#pragma once

#include <cstdint>
#include <vector>

#include "moe.h"

namespace ossian {

// The (token, rank) pairs sorted by expert, within an expert by token. A pair's place in this order is its slot.
struct MoePlan {
  struct Expert {
    int64_t id;
    int32_t num_slots;
    int64_t first_group = 0;  // its token groups are [first_group, end_group)
    int64_t end_group = 0;
  };

  // Throws std::invalid_argument for an expert id outside [0, num_experts).
  MoePlan(const Routing& routing, int64_t num_experts);

  std::vector<Expert> experts;    // those with work, by id
  std::vector<int32_t> tokens;    // [num_slots]: whose activations a slot takes
  std::vector<int32_t> in_order;  // [num_slots]: 0, 1, 2 …
  std::vector<int32_t> slots;     // [num_tokens, k]: where each pair went
};

}  // namespace ossian
