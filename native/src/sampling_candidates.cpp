#include "sampling_candidates.h"

#include <algorithm>
#include <array>
#include <bit>
#include <functional>
#include <limits>

namespace ossian {
namespace {

// An unsigned key that orders like the float; both zeros get the same one.
uint32_t key_of(float logit) {
  const auto bits = std::bit_cast<uint32_t>(logit + 0.0F);
  return (bits >> 31) != 0 ? ~bits : bits | 0x80000000U;
}

struct Digit {
  int shift;
  int num_bits;
};
constexpr std::array<Digit, 3> kDigits = {Digit{21, 11}, Digit{10, 11}, Digit{0, 10}};
using Bins = std::array<double, 2048>;

// The masses of the keys that share `prefix` above the digit, by digit.
template <class Mass>
void fill_bins(const std::vector<uint32_t>& keys, uint32_t prefix, Digit digit, Mass mass, Bins& bins) {
  bins.fill(0.0);
  const uint32_t mask = (1U << digit.num_bits) - 1;
  const int prefix_shift = digit.shift + digit.num_bits;
  for (size_t i = 0; i < keys.size(); ++i) {
    if ((uint64_t{keys[i] ^ prefix} >> prefix_shift) == 0) bins[(keys[i] >> digit.shift) & mask] += mass(i);
  }
}

// The bin, from the top, in which the running mass reaches the target (rounding aside: the last one in use). `above`
// grows by the bins passed over.
uint32_t find_bin(const Bins& bins, double target, double& above) {
  uint32_t last = 0;
  double before_last = above;
  double running = above;
  for (uint32_t bin = bins.size(); bin-- > 0;) {
    if (bins[bin] == 0.0) continue;
    last = bin;
    before_last = running;
    running += bins[bin];
    if (running >= target) break;
  }
  above = before_last;
  return last;
}

}  // namespace

void Candidates::collect(const ChunkedRow& row, float min_logit, float min_weight) {
  keys_.clear();
  ids_.clear();
  weights_.clear();
  // A chunk's sum is at least its largest weight, so whole chunks are passed over.
  for (int64_t index = 0; index < row.num_chunks(); ++index) {
    const float sum = row.sums()[index];
    if (sum > 0.0F && sum >= min_weight && row.maxima()[index] >= min_logit)
      collect_chunk(row, index, min_logit, min_weight);
  }
}

void Candidates::collect_chunk(const ChunkedRow& row, int64_t index, float min_logit, float min_weight) {
  alignas(64) float weights[kSamplingChunk];
  row.chunk_weights(index, weights);
  const float* logits = row.chunk(index);
  for (int64_t i = 0; i < kSamplingChunk; ++i) {
    if (!(logits[i] >= min_logit && weights[i] >= min_weight && weights[i] > 0.0F)) continue;
    keys_.push_back(key_of(logits[i]));
    ids_.push_back(static_cast<int32_t>(index * kSamplingChunk + i));
    weights_.push_back(weights[i]);
  }
}

// A radix select: digit by digit, from the top, the keys that the prefix ends in are narrowed down to one.
template <class Mass>
Candidates::Cutoff Candidates::shortest_prefix(Mass mass, double target) const {
  static thread_local Bins bins;
  uint32_t key = 0;
  double above = 0.0;
  for (const Digit digit : kDigits) {
    fill_bins(keys_, key, digit, mass, bins);
    key |= find_bin(bins, target, above) << digit.shift;
  }
  return last_of_ties(key, mass, above, target);
}

template <class Mass>
Candidates::Cutoff Candidates::last_of_ties(uint32_t key, Mass mass, double above, double target) const {
  int32_t last = -1;
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (keys_[i] != key) continue;
    last = ids_[i];
    above += mass(i);
    if (above >= target) break;
  }
  return {key, last};
}

void Candidates::keep_top_k(int32_t k) {
  if (k < size()) keep_until(shortest_prefix([](size_t) { return 1.0; }, k));
}

void Candidates::keep_top_p(double target_mass) {
  keep_until(shortest_prefix([this](size_t i) { return static_cast<double>(weights_[i]); }, target_mass));
}

void Candidates::keep_min_weight(float min_weight) {
  keep_if([this, min_weight](size_t i) { return weights_[i] >= min_weight; });
}

void Candidates::keep_until(Cutoff cutoff) {
  keep_if(
      [this, cutoff](size_t i) { return keys_[i] > cutoff.key || (keys_[i] == cutoff.key && ids_[i] <= cutoff.id); });
}

template <class Keep>
void Candidates::keep_if(Keep keep) {
  size_t num_kept = 0;
  for (size_t i = 0; i < ids_.size(); ++i) {
    const bool is_kept = keep(i);
    keys_[num_kept] = keys_[i];
    ids_[num_kept] = ids_[i];
    weights_[num_kept] = weights_[i];
    num_kept += is_kept ? 1 : 0;
  }
  keys_.resize(num_kept);
  ids_.resize(num_kept);
  weights_.resize(num_kept);
}

double Candidates::mass() const {
  double total = 0.0;
  for (const float weight : weights_) total += weight;
  return total;
}

int32_t Candidates::draw(double fraction) const {
  const double target = fraction * mass();
  double running = 0.0;
  for (size_t i = 0; i < ids_.size(); ++i) {
    running += weights_[i];
    if (running > target) return ids_[i];
  }
  return ids_.back();
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
