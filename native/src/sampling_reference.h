// Sampling as written down, in float64 and with a full sort: the yardstick of sampling.cpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <vector>

#include "sampling.h"

namespace ossian::reference {

// Ids from the most to the least likely; equal logits by id.
inline std::vector<int32_t> ranked(std::span<const float> logits) {
  std::vector<int32_t> ids(logits.size());
  std::iota(ids.begin(), ids.end(), 0);
  std::stable_sort(ids.begin(), ids.end(), [&](int32_t a, int32_t b) { return logits[a] > logits[b]; });
  return ids;
}

inline void apply_mask(std::span<float> logits, const uint32_t* mask) {
  for (size_t i = 0; mask != nullptr && i < logits.size(); ++i) {
    if (((mask[i / 32] >> (i % 32)) & 1U) == 0) logits[i] = -INFINITY;
  }
}

// The probability of each token after mask, temperature and filters; temperature must not be 0.
inline std::vector<double> distribution(std::vector<float> logits, const RowSampling& sampling) {
  apply_mask(logits, sampling.token_mask);
  std::vector<int32_t> ids = ranked(logits);
  const double max = logits[ids[0]];
  const auto weight = [&](int32_t id) { return std::exp((logits[id] - max) / sampling.temperature); };
  if (sampling.top_k > 0 && sampling.top_k < std::ssize(ids)) ids.resize(sampling.top_k);
  double total = 0.0;
  for (const int32_t id : ids) total += weight(id);
  double running = 0.0;
  size_t num_kept = 0;
  while (num_kept < ids.size() && (num_kept == 0 || running < sampling.top_p * total || sampling.top_p == 1.0F))
    running += weight(ids[num_kept++]);
  ids.resize(num_kept);
  std::erase_if(ids, [&](int32_t id) { return weight(id) < sampling.min_p; });
  total = 0.0;
  for (const int32_t id : ids) total += weight(id);
  std::vector<double> probabilities(logits.size(), 0.0);
  for (const int32_t id : ids) probabilities[id] = weight(id) / total;
  return probabilities;
}

// The first token at which the probabilities' running sum passes `fraction`.
inline int32_t draw(const std::vector<double>& probabilities, double fraction) {
  double running = 0.0;
  for (size_t i = 0; i < probabilities.size(); ++i) {
    running += probabilities[i];
    if (running > fraction) return static_cast<int32_t>(i);
  }
  return -1;
}

}  // namespace ossian::reference
