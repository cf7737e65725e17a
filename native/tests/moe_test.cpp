#include "moe.h"

#include <stdexcept>
#include <tuple>

#include "check.h"
#include "matmul_reference.h"
#include "thread_pool.h"

using namespace ossian;
using namespace ossian::test;

namespace {

constexpr float kLimit = 7.0f;

std::vector<uint16_t> random_bf16(size_t n, uint32_t seed) {
  std::vector<uint16_t> values;
  for (const float value : random_floats(n, seed)) values.push_back(reference::to_bf16(value));
  return values;
}

reference::Experts random_experts(int64_t num_experts, int64_t hidden_size, int64_t intermediate_size) {
  const size_t gate_up = num_experts * 2 * intermediate_size;
  const size_t down = num_experts * hidden_size;
  return {.gate_up_blocks = random_bytes(gate_up * hidden_size / 2, 1),
          .gate_up_scales = random_bytes(gate_up * hidden_size / 32, 2, 118, 124),
          .down_blocks = random_bytes(down * intermediate_size / 2, 3),
          .down_scales = random_bytes(down * intermediate_size / 32, 4, 118, 124),
          .gate_up_bias = random_bf16(gate_up, 5),
          .down_bias = random_bf16(down, 6),
          .num_experts = num_experts,
          .hidden_size = hidden_size,
          .intermediate_size = intermediate_size};
}

ExpertWeights pack(const reference::Experts& e) {
  return ExpertWeights({e.gate_up_blocks.data(), e.gate_up_scales.data(), e.gate_up_bias.data(), e.down_blocks.data(),
                        e.down_scales.data(), e.down_bias.data()},
                       e.num_experts, e.hidden_size, e.intermediate_size);
}

// Every token to k different experts, in an order of its own.
struct Routed {
  int64_t num_tokens, k;
  std::vector<int32_t> ids;
  std::vector<float> weights = random_floats(num_tokens * k, 7);

  Routed(int64_t num_tokens, int64_t k, int64_t num_experts) : num_tokens(num_tokens), k(k) {
    for (int64_t i = 0; i < num_tokens * k; ++i) ids.push_back(static_cast<int32_t>((i * 5 + i / k * 3) % num_experts));
  }
  Routing view() const { return {ids.data(), weights.data(), num_tokens, k}; }
};

std::vector<float> run(const std::vector<float>& x, const ExpertWeights& weights, const Routed& routed, bool exact) {
  std::vector<float> out = random_floats(x.size(), 8);
  moe(x.data(), weights, routed.view(), kLimit, out.data(), exact);
  return out;
}

std::vector<float> expected(const std::vector<float>& x, const reference::Experts& e, const Routed& routed,
                            bool exact) {
  std::vector<float> out = random_floats(x.size(), 8);
  for (int64_t t = 0; t < routed.num_tokens; ++t) {
    const int64_t place = t * e.hidden_size;
    reference::moe(e, x.data() + place, &routed.ids[t * routed.k], &routed.weights[t * routed.k], routed.k, kLimit,
                   exact, out.data() + place);
  }
  return out;
}

}  // namespace

TEST(moe_equals_reference) {
  for (const auto& [num_experts, hidden, intermediate] :
       {std::tuple{1, 32, 32}, std::tuple{3, 64, 96}, std::tuple{8, 96, 64}}) {
    const reference::Experts experts = random_experts(num_experts, hidden, intermediate);
    const ExpertWeights weights = pack(experts);
    for (const int num_tokens : {0, 1, 2, 3, 7, 17}) {
      const Routed routed(num_tokens, std::min(4, num_experts), num_experts);
      const std::vector<float> x = random_floats(num_tokens * hidden, 9, 2.0f);
      for (const bool exact : {false, true}) {
        CHECK_SAME(run(x, weights, routed, exact), expected(x, experts, routed, exact));
      }
    }
  }
}

TEST(moe_sends_every_token_to_one_expert) {
  const reference::Experts experts = random_experts(4, 64, 32);
  const ExpertWeights weights = pack(experts);
  Routed routed(33, 1, 4);
  std::fill(routed.ids.begin(), routed.ids.end(), 2);
  const std::vector<float> x = random_floats(33 * 64, 10);
  CHECK_SAME(run(x, weights, routed, false), expected(x, experts, routed, false));
}

TEST(moe_handles_every_scale) {
  reference::Experts experts = random_experts(1, 64, 64);
  const Routed routed(3, 1, 1);
  std::fill(experts.down_scales.begin(), experts.down_scales.end(), uint8_t{127});
  const std::vector<float> x = random_floats(3 * 64, 11);
  for (const int scale : {0, 1, 2, 3, 127, 128, 140, 254}) {
    std::fill(experts.gate_up_scales.begin(), experts.gate_up_scales.end(), static_cast<uint8_t>(scale));
    for (const bool exact : {false, true}) {
      CHECK_SAME(run(x, pack(experts), routed, exact), expected(x, experts, routed, exact));
    }
  }
}

TEST(moe_does_not_depend_on_threads_or_batch) {
  const reference::Experts experts = random_experts(8, 64, 64);
  const ExpertWeights weights = pack(experts);
  const Routed routed(33, 4, 8);
  const std::vector<float> x = random_floats(33 * 64, 12);
  const std::vector<float> together = run(x, weights, routed, false);
  for (const int threads : {1, 3}) {
    set_num_threads(threads);
    CHECK_SAME(run(x, weights, routed, false), together);
    CHECK_SAME(run(x, pack(experts), routed, false), together);
  }
  set_num_threads(0);
  for (int64_t t = 0; t < 33; ++t) {
    std::vector<float> alone = random_floats(33 * 64, 8);
    alone = {alone.begin() + t * 64, alone.begin() + (t + 1) * 64};
    moe(&x[t * 64], weights, {&routed.ids[t * 4], &routed.weights[t * 4], 1, 4}, kLimit, alone.data(), false);
    CHECK_SAME(alone, std::vector<float>(together.begin() + t * 64, together.begin() + (t + 1) * 64));
  }
}

TEST(experts_are_their_packed_bytes) {
  const reference::Experts experts = random_experts(3, 64, 96);
  const Routed routed(7, 2, 3);
  const std::vector<float> x = random_floats(7 * 64, 13);
  PackedBytes packed;
  std::vector<float> expected;
  {
    const ExpertWeights weights = pack(experts);
    expected = run(x, weights, routed, false);
    packed = weights.packed();
  }
  CHECK_SAME(run(x, ExpertWeights(packed, 3, 64, 96), routed, false), expected);
  CHECK(throws<std::invalid_argument>([&] { ExpertWeights(packed, 3, 96, 96); }, "it must have"));
  CHECK(throws<std::invalid_argument>([&] { ExpertWeights(packed, 2, 64, 96); }, "it must have"));
  CHECK(throws<std::invalid_argument>([&] { ExpertWeights(packed, 3, 63, 96); }, "multiples of 32"));
}

TEST(pack_experts_rejects_what_it_cannot_pack) {
  reference::Experts experts = random_experts(2, 32, 64);
  CHECK(throws<std::invalid_argument>([] { ExpertWeights(ExpertTensors{}, 2, 48, 64); }, "multiples of 32"));
  CHECK(throws<std::invalid_argument>([] { ExpertWeights(ExpertTensors{}, 2, 64, 16); }, "multiples of 32"));
  experts.gate_up_scales.back() = 255;
  CHECK(throws<std::invalid_argument>([&] { pack(experts); }, "gate_up_scales"));
  experts.gate_up_scales.back() = 127;
  experts.down_scales.front() = 255;
  CHECK(throws<std::invalid_argument>([&] { pack(experts); }, "down_scales"));
}

TEST(moe_rejects_unknown_experts) {
  const reference::Experts experts = random_experts(2, 32, 32);
  std::vector<float> out(32);
  const float weight = 1.0f;
  for (const int32_t bad : {-1, 2}) {
    CHECK(throws<std::invalid_argument>(
        [&] { moe(out.data(), pack(experts), {&bad, &weight, 1, 1}, kLimit, out.data(), false); }, "expert_ids"));
  }
}
