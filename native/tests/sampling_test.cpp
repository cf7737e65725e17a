#include "sampling.h"

#include <algorithm>
#include <array>

#include "check.h"
#include "sampling_penalties.h"
#include "sampling_random.h"
#include "sampling_reference.h"
#include "thread_pool.h"

using namespace ossian;
using namespace ossian::test;

namespace {

constexpr int64_t kSizes[] = {1, 2, 63, 64, 65, 127, 1000, 4096, 20001};

// Logits as models have them: a few high, many low; every fourth is repeated, so that there are ties.
std::vector<float> model_logits(int64_t size, uint32_t seed) {
  std::vector<float> logits = random_floats(size, seed, 3.0F);
  for (int64_t i = 4; i < size; i += 4) logits[i] = logits[i - 4 * (i % 3 == 0)];
  return logits;
}

const RowSampling kFilters[] = {
    {.temperature = 1.0F},
    {.temperature = 0.3F},
    {.temperature = 1.0F, .top_k = 1},
    {.temperature = 1.0F, .top_k = 50},
    {.temperature = 2.0F, .top_k = 700},
    {.temperature = 1.0F, .top_p = 0.0F},
    {.temperature = 1.0F, .top_p = 0.9F},
    {.temperature = 1.5F, .top_p = 0.999F},
    {.temperature = 1.0F, .min_p = 0.05F},
    {.temperature = 0.7F, .top_k = 40, .top_p = 0.8F, .min_p = 0.1F},
    {.temperature = 3.0F, .top_p = 0.7F, .min_p = 0.02F},
};

// The draw lies at a rounding's distance from two tokens when either is right.
bool is_right(const std::vector<double>& probabilities, double fraction, int32_t token_id) {
  const int32_t low = reference::draw(probabilities, fraction - 1e-5);
  const int32_t high = reference::draw(probabilities, std::min(fraction + 1e-5, 1.0 - 1e-9));
  return probabilities[token_id] > 0.0 && low <= token_id && token_id <= high;
}

}  // namespace

TEST(philox_gives_the_published_vectors) {
  using Block = std::array<uint32_t, 4>;
  CHECK((philox4x32({0, 0, 0, 0}, {0, 0}) == Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  const uint32_t ones = 0xffffffff;
  CHECK((philox4x32({ones, ones, ones, ones}, {ones, ones}) == Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  CHECK((philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
         Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(uniform_depends_on_all_of_seed_and_step) {
  CHECK(uniform(0, 0) == static_cast<double>(0x6627e8d5e169c58d >> 11) * 0x1.0p-53);
  const uint64_t high = uint64_t{1} << 32;
  std::vector<double> values{uniform(0, 0), uniform(1, 0), uniform(high, 0), uniform(0, 1), uniform(0, high)};
  std::sort(values.begin(), values.end());
  CHECK(std::adjacent_find(values.begin(), values.end()) == values.end());
}

TEST(sampling_draws_like_the_reference) {
  for (const int64_t size : kSizes) {
    const std::vector<float> logits = model_logits(size, 21);
    for (RowSampling sampling : kFilters) {
      const std::vector<double> probabilities = reference::distribution(logits, sampling);
      for (int64_t step = 0; step < 50; ++step) {
        sampling.seed = 1234567890123ULL + size;
        sampling.step = step;
        std::vector<float> copy = logits;
        const RowChoice choice = sample_row(copy, sampling);
        CHECK(choice.fault == RowFault::none);
        CHECK(is_right(probabilities, uniform(sampling.seed, step), choice.token_id));
      }
    }
  }
}

TEST(sampling_masks_in_place) {
  for (const int64_t size : kSizes) {
    std::vector<uint32_t> mask((size + 31) / 32);
    std::mt19937 generator(22);
    for (uint32_t& word : mask) word = std::array<uint32_t, 4>{0, ~0U, 0x80000001, 0xffff0000}[generator() % 4];
    mask.back() |= 1U;
    std::vector<float> logits = model_logits(size, 23);
    std::vector<float> expected = logits;
    reference::apply_mask(expected, mask.data());
    const RowChoice choice = sample_row(logits, {.temperature = 0.0F, .token_mask = mask.data()});
    CHECK_SAME(logits, expected);
    CHECK(choice.token_id == reference::ranked(expected)[0]);
  }
}

TEST(sampling_breaks_ties_by_id) {
  for (const int64_t size : {1, 64, 100, 5000}) {
    std::vector<float> logits(size, 1.0F);
    CHECK(sample_row(logits, {.temperature = 0.0F}).token_id == 0);
    for (int64_t step = 0; step < 40; ++step) {
      CHECK(sample_row(logits, {.top_k = 3, .step = step}).token_id < 3);
      CHECK(sample_row(logits, {.top_p = 1.5F / static_cast<float>(size), .step = step}).token_id < 2);
    }
  }
  std::vector<float> zeros{-1.0F, -0.0F, 0.0F, -0.0F};
  CHECK(sample_row(zeros, {.temperature = 0.0F}).token_id == 1);
  CHECK(sample_row(zeros, {.top_k = 1}).token_id == 1);
}

TEST(sampling_reports_rows_that_cannot_be_used) {
  for (const float bad : {NAN, -NAN, INFINITY}) {
    for (const int64_t position : {0, 63, 64, 99}) {
      std::vector<float> logits = model_logits(100, 24);
      logits[position] = bad;
      CHECK(sample_row(logits, {}).fault == RowFault::not_a_number);
      CHECK(top_logprobs(logits, 0, 3).fault == RowFault::not_a_number);
    }
  }
  std::vector<float> nothing(100, -INFINITY);
  CHECK(sample_row(nothing, {.temperature = 0.0F}).fault == RowFault::nothing_allowed);
  CHECK(sample_row(nothing, {}).fault == RowFault::nothing_allowed);
}

TEST(sampling_takes_extreme_temperatures_and_logits) {
  for (const float temperature : {1e-45F, 1e-38F, 1e-6F}) {
    std::vector<float> logits = model_logits(3000, 25);
    logits[2999] = 50.0F;
    for (const float top_p : {1.0F, 0.5F}) {
      CHECK(sample_row(logits, {.temperature = temperature, .top_p = top_p}).token_id == 2999);
    }
  }
  std::vector<float> wide{-3e38F, 3e38F, -INFINITY};
  CHECK(sample_row(wide, {.top_k = 2}).token_id == 1);
  CHECK(sample_row(wide, {.temperature = 3e38F}).token_id != 2);
}

TEST(sampling_does_not_depend_on_the_rows_beside_or_the_instruction_set) {
  const Isa isa = current_isa();
  const int64_t size = 20001;
  std::vector<float> rows = model_logits(size, 26);
  std::vector<RowSampling> samplings;
  std::vector<int32_t> expected;
  set_isa(Isa::scalar);
  for (size_t i = 0; i < std::size(kFilters); ++i) {
    samplings.push_back(kFilters[i]);
    samplings.back().seed = i;
    std::vector<float> row(rows.begin(), rows.begin() + size);
    expected.push_back(sample_row(row, samplings.back()).token_id);
    if (i > 0) rows.insert(rows.end(), rows.begin(), rows.begin() + size);
  }
  set_isa(isa);
  for (const int num_threads : {1, 2, 3}) {
    set_num_threads(num_threads);
    std::vector<RowChoice> choices(samplings.size());
    sample_rows(rows.data(), size, samplings, choices);
    for (size_t i = 0; i < choices.size(); ++i) CHECK(choices[i].token_id == expected[i]);
  }
  set_num_threads(0);
}

TEST(logprobs_equal_reference) {
  for (const int64_t size : kSizes) {
    const std::vector<float> logits = model_logits(size, 27);
    const std::vector<double> probabilities = reference::distribution(logits, {});
    const auto token_id = static_cast<int32_t>(size / 2);
    const TopLogprobs top = top_logprobs(logits, token_id, 20);
    std::vector<int32_t> best = reference::ranked(logits);
    best.resize(std::min<size_t>(best.size(), 20));
    CHECK_SAME(top.ids, best);
    CHECK(std::abs(top.logprob - std::log(probabilities[token_id])) < 2e-6);
    for (size_t i = 0; i < best.size(); ++i) CHECK(std::abs(top.logprobs[i] - std::log(probabilities[best[i]])) < 2e-6);
  }
}

TEST(logprobs_leave_out_what_cannot_occur) {
  const std::vector<float> logits{-INFINITY, 0.0F, -INFINITY, 0.0F};
  const TopLogprobs top = top_logprobs(logits, 0, 4);
  CHECK(top.logprob == -INFINITY);
  CHECK_SAME(top.ids, (std::vector<int32_t>{1, 3}));
  CHECK(top_logprobs(logits, 1, 0).ids.empty());
}

TEST(penalties_count_prompt_and_output) {
  std::vector<float> logits{4.0F, -4.0F, 4.0F, -4.0F, 0.0F};
  const std::vector<int32_t> prompt{0, 0, 1, 2};
  const std::vector<int32_t> output{2, 3, 3, 3};
  for (int call = 0; call < 2; ++call) {  // what a call counted is forgotten at its end
    std::vector<float> row = logits;
    apply_penalties(row, prompt, output, {.presence = 0.5F, .frequency = 0.25F, .repetition = 2.0F});
    CHECK_SAME(row, (std::vector<float>{2.0F, -8.0F, 2.0F - 0.75F, -8.0F - 1.25F, 0.0F}));
    row = logits;
    apply_penalties(row, prompt, output, {.presence = 0.5F});
    CHECK_SAME(row, (std::vector<float>{4.0F, -4.0F, 3.5F, -4.5F, 0.0F}));
  }
}
