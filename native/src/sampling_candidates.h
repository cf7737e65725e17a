// The tokens that may still be drawn, and the filters that drop the less likely of them.
//
// Tokens are ranked by logit, best first, and by id among equals. Every filter keeps a prefix of the ranking, so it is
// described by the last token it keeps, and nothing need be sorted.
#pragma once

#include <cstdint>
#include <vector>

#include "sampling_row.h"
#include "sampling_select.h"

namespace ossian {

class Candidates {
 public:
  // Every token whose logit is at least `min_logit` and whose weight is at least `min_weight` and not 0. The row must
  // hold its sums and outlive the use of the candidates.
  void collect(const ChunkedRow& row, float min_logit, float min_weight);

  // Each keeps at least the best token.
  void keep_top_k(int32_t k);
  void keep_top_p(double target_mass);  // the shortest prefix whose weights sum to at least the target
  void keep_min_weight(float min_weight);

  double mass() const;                  // the weights' sum
  int32_t draw(double fraction) const;  // the first token, by id, at which the running sum passes fraction * mass()

 private:
  int64_t num_chunks() const { return static_cast<int64_t>(chunks_.size()); }
  const float* logits(int64_t chunk) const { return row_->chunk(chunks_[chunk]); }
  const float* weights(int64_t chunk) const { return weights_.data() + chunk * kSamplingChunk; }
  float* weights(int64_t chunk) { return weights_.data() + chunk * kSamplingChunk; }
  int32_t first_id(int64_t chunk) const { return static_cast<int32_t>(chunks_[chunk] * kSamplingChunk); }

  template <class Visit>
  void visit_bins(Visit visit) const;
  template <class Mass>
  Cutoff find_cutoff(Mass mass, double target) const;
  template <class Keep>
  void keep_if(Keep keep);
  void keep_until(Cutoff cutoff);

  const ChunkedRow* row_ = nullptr;
  float lowest_ = 0.0F;          // about the lowest logit of a candidate
  std::vector<int64_t> chunks_;  // those with a candidate in them
  std::vector<float> weights_;   // [num_chunks, kSamplingChunk]; 0 for what is no candidate
};

// A logit that at least k tokens of the row reach; -inf when the row's chunks cannot tell.
float lower_bound_of_top_k(const ChunkedRow& row, int64_t k);

}  // namespace ossian
