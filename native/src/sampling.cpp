#include "sampling.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sampling_candidates.h"
#include "sampling_random.h"
#include "thread_pool.h"

namespace ossian {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Kept between calls, so that a step allocates nothing.
thread_local ChunkedRow row;
thread_local Candidates candidates;

int32_t best_token() {
  const auto maxima = row.maxima();
  const int64_t index = std::find(maxima.begin(), maxima.end(), row.max()) - maxima.begin();
  const float* chunk = row.chunk(index);
  const int64_t offset = std::find(chunk, chunk + kSamplingChunk, row.max()) - chunk;
  return static_cast<int32_t>(index * kSamplingChunk + offset);
}

int32_t draw_from_row(double fraction) {
  const double target = fraction * row.total();
  double before = 0.0;
  int64_t last = 0;
  for (int64_t index = 0; index < row.num_chunks(); ++index) {
    if (row.sums()[index] == 0.0F) continue;
    last = index;
    if (before + row.sums()[index] > target) break;
    before += row.sums()[index];
  }
  alignas(64) float weights[kSamplingChunk];
  row.chunk_weights(last, weights);
  return static_cast<int32_t>(last * kSamplingChunk) + draw_from_weights(weights, target - before);
}

// top_p needs no token whose weight is below what all tokens together may lack, spread evenly.
float least_weight(const RowSampling& sampling) {
  const double lacking = (1.0 - static_cast<double>(sampling.top_p)) * row.total();
  const double share = lacking / static_cast<double>(row.num_chunks() * kSamplingChunk);
  return std::max(static_cast<float>(share * 0.5), sampling.min_p);
}

void filter(const RowSampling& sampling) {
  double mass = row.total();
  if (sampling.top_k > 0) {
    candidates.collect(row, lower_bound_of_top_k(row, sampling.top_k), 0.0F);
    candidates.keep_top_k(sampling.top_k);
    mass = candidates.mass();
  } else {
    candidates.collect(row, -kInfinity, least_weight(sampling));
  }
  if (sampling.top_p < 1.0F) candidates.keep_top_p(static_cast<double>(sampling.top_p) * mass);
  if (sampling.min_p > 0.0F) candidates.keep_min_weight(sampling.min_p);
}

int32_t draw(const RowSampling& sampling) {
  const double fraction = uniform(sampling.seed, sampling.step);
  row.weigh(sampling.temperature);
  if (sampling.top_k == 0 && sampling.top_p >= 1.0F && sampling.min_p == 0.0F) return draw_from_row(fraction);
  filter(sampling);
  return candidates.draw(fraction);
}

// The n best tokens, best first.
std::vector<int32_t> best_tokens(std::span<const float> logits, int32_t n) {
  const float bound = std::max(lower_bound_of_top_k(row, n), std::numeric_limits<float>::lowest());
  std::vector<int32_t> ids;
  for (int64_t index = 0; index < row.num_chunks(); ++index) {
    if (row.maxima()[index] < bound) continue;
    const float* chunk = row.chunk(index);
    for (int64_t i = 0; i < kSamplingChunk; ++i)
      if (chunk[i] >= bound) ids.push_back(static_cast<int32_t>(index * kSamplingChunk + i));
  }
  const auto end = ids.begin() + std::min<int64_t>(n, static_cast<int64_t>(ids.size()));
  std::partial_sort(ids.begin(), end, ids.end(), [logits](int32_t left, int32_t right) {
    return logits[left] != logits[right] ? logits[left] > logits[right] : left < right;
  });
  ids.erase(end, ids.end());
  return ids;
}

}  // namespace

RowChoice sample_row(std::span<float> logits, const RowSampling& sampling) {
  if (sampling.token_mask != nullptr) {
    OSSIAN_SELECT(sampling_kernels).mask(logits.data(), std::ssize(logits), sampling.token_mask);
  }
  row.load(logits);
  if (row.fault() != RowFault::none) return {.fault = row.fault()};
  return {.token_id = sampling.temperature == 0.0F ? best_token() : draw(sampling)};
}

void sample_rows(float* logits, int64_t vocab_size, std::span<const RowSampling> samplings,
                 std::span<RowChoice> choices) {
  parallel_for(static_cast<int64_t>(choices.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      choices[i] = sample_row({logits + i * vocab_size, static_cast<size_t>(vocab_size)}, samplings[i]);
    }
  });
}

TopLogprobs top_logprobs(std::span<const float> logits, int32_t token_id, int32_t n) {
  row.load(logits);
  if (row.fault() != RowFault::none) return {.fault = row.fault()};
  row.weigh(1.0F);
  const double log_total = std::log(row.total());
  const auto logprob = [&](int32_t id) {
    return static_cast<float>(static_cast<double>(logits[id]) - static_cast<double>(row.max()) - log_total);
  };
  TopLogprobs top{.logprob = logprob(token_id)};
  if (n > 0) top.ids = best_tokens(logits, n);
  for (const int32_t id : top.ids) top.logprobs.push_back(logprob(id));
  return top;
}

}  // namespace ossian
