// One row of logits seen as chunks of 64 tokens, and the softmax weights of its chunks.
//
// A chunk's weights are always summed in one order, and chunks in theirs, so a sum does not depend on the instruction
// set. A token's weight is exp((logit - max) / temperature): 1 for the most likely token.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernel_table.h"

namespace ossian {

inline constexpr int64_t kSamplingChunk = 64;
inline constexpr int64_t kSamplingBins = 2048;

struct SamplingKernels {
  // Logits become -inf where the mask's bit is 0.  # mask: [ceil(size / 32)]
  void (*mask)(float* logits, int64_t size, const uint32_t* mask);
  // maxima: [num_chunks]. False when some logit is NaN or +inf; the maxima then mean nothing.
  bool (*maxima)(const float* logits, int64_t num_chunks, float* maxima);
  // sums: [num_chunks], the sum of each chunk's weights.
  void (*sums)(const float* logits, const float* maxima, int64_t num_chunks, float max, float temperature, float* sums);
  // weights: [kSamplingChunk], those of one chunk.
  void (*weights)(const float* logits, float max, float temperature, float* weights);
  // bins: [kSamplingChunk], (logit - lowest) * scale rounded into [0, kSamplingBins); larger logits have no lower bins.
  void (*bins)(const float* logits, float lowest, float scale, int32_t* bins);
};
OSSIAN_KERNEL_TABLE(SamplingKernels, sampling_kernels);

enum class RowFault { none, not_a_number, nothing_allowed };

// To follow the name of the row.
const char* description(RowFault fault);

// The first token of a chunk at which the running sum of weights passes `target`; when rounding leaves the target out
// of reach, the last that has a weight.
int32_t draw_from_weights(const float* weights, double target);

class ChunkedRow {
 public:
  // The maxima are found at once; `fault` says whether the row can be used. The logits must outlive the row.
  void load(std::span<const float> logits);
  // The weights' sums; they hold until the next call.
  void weigh(float temperature);

  RowFault fault() const { return fault_; }
  float max() const { return max_; }
  int64_t num_chunks() const { return static_cast<int64_t>(maxima_.size()); }
  std::span<const float> maxima() const { return maxima_; }
  std::span<const float> sums() const { return sums_; }
  double total() const { return total_; }

  // The chunk's logits; those past the row's end are -inf.
  const float* chunk(int64_t index) const {
    return index < num_full_ ? logits_.data() + index * kSamplingChunk : tail_;
  }
  void chunk_weights(int64_t index, float* weights) const;
  // About the logit that has this weight; for 0 the one below which weights vanish.
  float logit_of_weight(float weight) const;

 private:
  std::span<const float> logits_;
  int64_t num_full_ = 0;
  float max_ = 0.0F;
  float temperature_ = 1.0F;
  double total_ = 0.0;
  RowFault fault_ = RowFault::none;
  std::vector<float> maxima_;
  std::vector<float> sums_;
  alignas(64) float tail_[kSamplingChunk] = {};
};

}  // namespace ossian
