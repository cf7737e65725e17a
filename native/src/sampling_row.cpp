#include "sampling_row.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ossian {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

}  // namespace

const char* description(RowFault fault) {
  switch (fault) {
    case RowFault::not_a_number:
      return "has a NaN or +inf; nothing can be sampled from it";
    case RowFault::nothing_allowed:
      return "is -inf for every token, or its token mask allows none; at least one must be allowed";
    case RowFault::none:
      break;
  }
  return "can be used";
}

int32_t draw_from_weights(const float* weights, double target) {
  double running = 0.0;
  int32_t last = 0;
  for (int32_t i = 0; i < kSamplingChunk && running <= target; ++i) {
    if (weights[i] > 0.0F) last = i;
    running += weights[i];
  }
  return last;
}

void ChunkedRow::load(std::span<const float> logits) {
  const SamplingKernels& kernels = OSSIAN_SELECT(sampling_kernels);
  const int64_t size = static_cast<int64_t>(logits.size());
  logits_ = logits;
  num_full_ = size / kSamplingChunk;
  maxima_.resize((size + kSamplingChunk - 1) / kSamplingChunk);
  bool is_valid = kernels.maxima(logits.data(), num_full_, maxima_.data());
  if (num_full_ < num_chunks()) {
    const auto tail_end = std::copy(logits.begin() + num_full_ * kSamplingChunk, logits.end(), tail_);
    std::fill(tail_end, std::end(tail_), -kInfinity);
    is_valid &= kernels.maxima(tail_, 1, &maxima_.back());
  }
  max_ = is_valid && size > 0 ? *std::max_element(maxima_.begin(), maxima_.end()) : -kInfinity;
  fault_ = !is_valid ? RowFault::not_a_number : max_ == -kInfinity ? RowFault::nothing_allowed : RowFault::none;
}

void ChunkedRow::weigh(float temperature) {
  const SamplingKernels& kernels = OSSIAN_SELECT(sampling_kernels);
  temperature_ = temperature;
  sums_.resize(maxima_.size());
  kernels.sums(logits_.data(), maxima_.data(), num_full_, max_, temperature, sums_.data());
  if (num_full_ < num_chunks()) kernels.sums(tail_, &maxima_.back(), 1, max_, temperature, &sums_.back());
  total_ = 0.0;
  for (const float sum : sums_) total_ += sum;
}

void ChunkedRow::chunk_weights(int64_t index, float* weights) const {
  OSSIAN_SELECT(sampling_kernels).weights(chunk(index), max_, temperature_, weights);
}

float ChunkedRow::logit_of_weight(float weight) const {
  constexpr double kVanishing = 88.0;  // e^-88 is 0 to simd_math.h
  const double distance = weight > 0.0F ? std::min(-std::log(static_cast<double>(weight)), kVanishing) : kVanishing;
  const double logit = static_cast<double>(max_) - static_cast<double>(temperature_) * distance;
  return static_cast<float>(std::max(logit, static_cast<double>(std::numeric_limits<float>::lowest())));
}

}  // namespace ossian
