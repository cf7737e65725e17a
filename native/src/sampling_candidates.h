// The tokens that may still be drawn, and the filters that drop the less likely of them.
//
// Tokens are ordered by logit, best first, and by id among equals. Every filter keeps a prefix of that order, so it is
// described by the last token it keeps, and no sort is needed to find it.
#pragma once

#include <cstdint>
#include <vector>

#include "sampling_row.h"

namespace ossian {

class Candidates {
 public:
  // Every token whose logit is at least `min_logit` and whose weight is at least `min_weight` and not 0.
  void collect(const ChunkedRow& row, float min_logit, float min_weight);

  // Each keeps at least the best token.
  void keep_top_k(int32_t k);
  void keep_top_p(double target_mass);  // the shortest prefix whose weights sum to at least the target
  void keep_min_weight(float min_weight);

  double mass() const;                  // the weights' sum, in order of id
  int32_t draw(double fraction) const;  // the first token at which the running sum passes fraction * mass()
  int64_t size() const { return static_cast<int64_t>(ids_.size()); }
  const std::vector<int32_t>& ids() const { return ids_; }  // ascending

 private:
  struct Cutoff {
    uint32_t key;
    int32_t id;
  };
  void collect_chunk(const ChunkedRow& row, int64_t index, float min_logit, float min_weight);
  template <class Mass>
  Cutoff shortest_prefix(Mass mass, double target) const;
  template <class Mass>
  Cutoff last_of_ties(uint32_t key, Mass mass, double above, double target) const;
  template <class Keep>
  void keep_if(Keep keep);
  void keep_until(Cutoff cutoff);

  std::vector<uint32_t> keys_;  // larger logits have larger keys
  std::vector<int32_t> ids_;
  std::vector<float> weights_;
};

// A logit that at least k tokens of the row reach; -inf when the row's chunks cannot tell.
float lower_bound_of_top_k(const ChunkedRow& row, int64_t k);

}  // namespace ossian
