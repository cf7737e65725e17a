#include "sampling_candidates.h"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>

namespace ossian {
namespace {

// So that the logits from `lowest` to `highest` fill all bins.
float scale_of_bins(float lowest, float highest) {
  return highest > lowest ? static_cast<float>(kSamplingBins - 1) / (highest - lowest) : 0.0F;
}

double mass_of_chunk(const float* weights) {
  std::array<double, 8> sums{};
  for (int64_t i = 0; i < kSamplingChunk; i += 8)
    for (int64_t lane = 0; lane < 8; ++lane) sums[lane] += weights[i + lane];
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

}  // namespace

void Candidates::collect(const ChunkedRow& row, float min_logit, float min_weight) {
  row_ = &row;
  chunks_.clear();
  // A chunk's sum is at least its largest weight, so whole chunks are passed over.
  for (int64_t index = 0; index < row.num_chunks(); ++index) {
    const float sum = row.sums()[index];
    if (sum > 0.0F && sum >= min_weight && row.maxima()[index] >= min_logit) chunks_.push_back(index);
  }
  weights_.resize(chunks_.size() * kSamplingChunk);
  for (int64_t chunk = 0; chunk < num_chunks(); ++chunk) row.chunk_weights(chunks_[chunk], weights(chunk));
  keep_if([=](float logit, float weight, int32_t) { return logit >= min_logit && weight >= min_weight; });
  lowest_ = std::max(min_logit, row.logit_of_weight(min_weight));
}

template <class Keep>
void Candidates::keep_if(Keep keep) {
  for (int64_t chunk = 0; chunk < num_chunks(); ++chunk) {
    const float* x = logits(chunk);
    float* w = weights(chunk);
    const int32_t id = first_id(chunk);
    for (int32_t i = 0; i < kSamplingChunk; ++i) w[i] = keep(x[i], w[i], id + i) ? w[i] : 0.0F;
  }
}

void Candidates::keep_until(Cutoff cutoff) {
  keep_if([cutoff](float logit, float, int32_t id) { return cutoff.keeps(ranking_key(logit), id); });
}

// visit(chunk, i, bin) for every token of every chunk, candidate or not.
template <class Visit>
void Candidates::visit_bins(Visit visit) const {
  const SamplingKernels& kernels = OSSIAN_SELECT(sampling_kernels);
  const float scale = scale_of_bins(lowest_, row_->max());
  alignas(64) int32_t bins[kSamplingChunk];
  for (int64_t chunk = 0; chunk < num_chunks(); ++chunk) {
    kernels.bins(logits(chunk), lowest_, scale, bins);
    for (int32_t i = 0; i < kSamplingChunk; ++i) visit(chunk, i, bins[i]);
  }
}

// Even bins narrow the end of the prefix down to a few tokens, whatever the size of the row. mass(0) must be 0.
template <class Mass>
Cutoff Candidates::find_cutoff(Mass mass, double target) const {
  static thread_local std::array<double, kSamplingBins> sums;
  static thread_local std::vector<RankedToken> tokens;
  sums.fill(0.0);
  visit_bins([&](int64_t chunk, int32_t i, int32_t bin) { sums[bin] += mass(weights(chunk)[i]); });
  double above = 0.0;
  const int64_t crossing = crossing_bin(sums, above, target);
  tokens.clear();
  visit_bins([&](int64_t chunk, int32_t i, int32_t bin) {
    const float weight = weights(chunk)[i];
    if (bin == crossing && weight > 0.0F)
      tokens.push_back({ranking_key(logits(chunk)[i]), first_id(chunk) + i, mass(weight)});
  });
  return shortest_prefix(tokens, above, target);
}

void Candidates::keep_top_k(int32_t k) {
  keep_until(find_cutoff([](float weight) { return weight > 0.0F ? 1.0 : 0.0; }, k));
}

void Candidates::keep_top_p(double target_mass) {
  keep_until(find_cutoff([](float weight) { return static_cast<double>(weight); }, target_mass));
}

void Candidates::keep_min_weight(float min_weight) {
  keep_if([=](float, float weight, int32_t) { return weight >= min_weight; });
}

double Candidates::mass() const {
  double total = 0.0;
  for (int64_t chunk = 0; chunk < num_chunks(); ++chunk) total += mass_of_chunk(weights(chunk));
  return total;
}

int32_t Candidates::draw(double fraction) const {
  const double target = fraction * mass();
  double before = 0.0;
  int64_t last = 0;
  for (int64_t chunk = 0; chunk < num_chunks(); ++chunk) {
    const double in_chunk = mass_of_chunk(weights(chunk));
    if (in_chunk == 0.0) continue;
    last = chunk;
    if (before + in_chunk > target) break;
    before += in_chunk;
  }
  return first_id(last) + draw_from_weights(weights(last), target - before);
}

float lower_bound_of_top_k(const ChunkedRow& row, int64_t k) {
  if (k > row.num_chunks()) return -std::numeric_limits<float>::infinity();
  // The k chunks with the largest maxima hold k tokens that reach the least of those maxima.
  static thread_local std::vector<float> maxima;
  maxima.assign(row.maxima().begin(), row.maxima().end());
  std::nth_element(maxima.begin(), maxima.begin() + (k - 1), maxima.end(), std::greater<>());
  return maxima[k - 1];
}

}  // namespace ossian
