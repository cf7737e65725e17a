#include "route.h"

#include <stdexcept>

#include "check.h"
#include "route_reference.h"

using namespace ossian;
using namespace ossian::test;

TEST(route_equals_reference) {
  for (const auto& [num_experts, size] : {std::pair{4, 16}, {7, 33}, {32, 96}, {128, 64}}) {
    const std::vector<float> weight = random_floats(num_experts * size, 1);
    const std::vector<float> bias = random_floats(num_experts, 2);
    for (const int num_tokens : {0, 1, 2, 3, 17}) {
      const std::vector<float> x = random_floats(num_tokens * size, 3);
      std::vector<int32_t> ids(num_tokens * 4), expected_ids(num_tokens * 4);
      std::vector<float> weights(num_tokens * 4), expected_weights(num_tokens * 4);
      route(x.data(), num_tokens, {weight.data(), bias.data(), num_experts, size}, 4, ids.data(), weights.data());
      for (int t = 0; t < num_tokens; ++t) {
        std::vector<float> logits;
        for (int e = 0; e < num_experts; ++e) {
          logits.push_back(reference::dot_lanes(&x[t * size], &weight[e * size], size) + bias[e]);
        }
        reference::route(logits, 4, &expected_ids[t * 4], &expected_weights[t * 4]);
      }
      CHECK_SAME(ids, expected_ids);
      CHECK_SAME(weights, expected_weights);
    }
  }
}

TEST(route_takes_the_lowest_index_of_equals_and_no_nan) {
  const std::vector<float> weight(6 * 16);
  const std::vector<float> bias{1.0f, NAN, 3.0f, 3.0f, 1.0f, -INFINITY};
  const std::vector<float> x(16);
  std::vector<int32_t> ids(4);
  std::vector<float> weights(4);
  route(x.data(), 1, {weight.data(), bias.data(), 6, 16}, 4, ids.data(), weights.data());
  CHECK_SAME(ids, (std::vector<int32_t>{2, 3, 0, 4}));
}

TEST(route_rejects_too_many_experts_per_token) {
  const std::vector<float> zeros(32 * 16);
  std::vector<int32_t> ids(20);
  std::vector<float> weights(20);
  for (const auto& [num_experts, k] : {std::pair{4, 5}, {4, 0}, {32, 17}}) {
    CHECK(throws<std::invalid_argument>(
        [&] { route(zeros.data(), 1, {zeros.data(), zeros.data(), num_experts, 16}, k, ids.data(), weights.data()); },
        "experts per token"));
  }
}
