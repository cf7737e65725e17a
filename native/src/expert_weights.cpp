#include "expert_weights.h"

#include <atomic>
#include <stdexcept>
#include <string>

#include "dense_weight.h"
#include "pack_kernels.h"
#include "thread_pool.h"

namespace ossian {
namespace {

constexpr PanelLayout kLayout = layout_of(WeightFormat::mxfp4);
constexpr int64_t kPanelsPerChunk = 4;

void check_sizes(int64_t num_experts, int64_t hidden_size, int64_t intermediate_size) {
  if (num_experts > 0 && hidden_size > 0 && intermediate_size > 0 && hidden_size % kBlock == 0 &&
      intermediate_size % kBlock == 0) {
    return;
  }
  throw std::invalid_argument("experts have num_experts " + std::to_string(num_experts) + ", hidden_size " +
                              std::to_string(hidden_size) + " and intermediate_size " +
                              std::to_string(intermediate_size) + "; the sizes must be positive multiples of 32");
}

// Where panel `panel` of an expert's `num_rows` rows begins in the checkpoint, and how far apart its rows are.
struct Rows {
  int64_t first;
  int64_t step;
};

// Pack every expert's panels; whether every scale was a number.
template <class RowsOf>
bool pack(const uint8_t* blocks, const uint8_t* scales, int64_t num_panels, int64_t num_cols, const RowsOf& rows_of,
          uint8_t* out) {
  std::atomic<bool> is_finite{true};
  const int64_t panel_bytes = kLayout.panel_bytes(num_cols);
  const int64_t num_blocks = num_cols / kBlock;
  parallel_for(num_panels, kPanelsPerChunk, [&](int64_t begin, int64_t end) {
    for (int64_t panel = begin; panel < end; ++panel) {
      const Rows rows = rows_of(panel);
      if (!pack_mxfp4_panel(blocks + rows.first * num_blocks * 16, scales + rows.first * num_blocks, rows.step,
                            num_cols, out + panel * panel_bytes)) {
        is_finite = false;
      }
    }
  });
  return is_finite;
}

// Panels 2p and 2p + 1 are the even (gate) and odd (up) rows of rows [32p, 32p + 32).
Rows gate_up_rows(int64_t panel) { return {panel / 2 * 2 * kPanelRows + panel % 2, 2}; }

Rows down_rows(int64_t panel) { return {panel * kPanelRows, 1}; }

}  // namespace

ExpertWeights::ExpertWeights(const ExpertTensors& tensors, int64_t num_experts, int64_t hidden_size,
                             int64_t intermediate_size)
    : num_experts_(num_experts), hidden_size_(hidden_size), intermediate_size_(intermediate_size) {
  check_sizes(num_experts, hidden_size, intermediate_size);
  gate_up_ = HugeBuffer(num_experts * gate_up(0).num_panels * kLayout.panel_bytes(hidden_size));
  down_ = HugeBuffer(num_experts * down(0).num_panels * kLayout.panel_bytes(intermediate_size));
  pack_biases(tensors);
  if (!pack_gate_up(tensors)) throw std::invalid_argument("gate_up_scales has a 255, which means NaN");
  if (!pack_down(tensors)) throw std::invalid_argument("down_scales has a 255, which means NaN");
}

void ExpertWeights::pack_biases(const ExpertTensors& tensors) {
  down_bias_ = widen(tensors.down_bias, num_experts_ * hidden_size_);
  const std::vector<float> interleaved = widen(tensors.gate_up_bias, num_experts_ * 2 * intermediate_size_);
  gate_up_bias_.resize(interleaved.size());
  for (size_t i = 0; i < interleaved.size(); ++i) {
    const Rows rows = gate_up_rows(static_cast<int64_t>(i) / kPanelRows);
    gate_up_bias_[i] = interleaved[rows.first + static_cast<int64_t>(i) % kPanelRows * rows.step];
  }
}

bool ExpertWeights::pack_gate_up(const ExpertTensors& tensors) {
  const int64_t num_panels = num_experts_ * 2 * intermediate_size_ / kPanelRows;
  return pack(tensors.gate_up_blocks, tensors.gate_up_scales, num_panels, hidden_size_, gate_up_rows, gate_up_.data());
}

bool ExpertWeights::pack_down(const ExpertTensors& tensors) {
  const int64_t num_panels = num_experts_ * hidden_size_ / kPanelRows;
  return pack(tensors.down_blocks, tensors.down_scales, num_panels, intermediate_size_, down_rows, down_.data());
}

int64_t ExpertWeights::num_bytes() const {
  return static_cast<int64_t>(gate_up_.size() + down_.size() +
                              (gate_up_bias_.size() + down_bias_.size()) * sizeof(float));
}

Panels ExpertWeights::gate_up(int64_t expert) const {
  const int64_t num_panels = 2 * intermediate_size_ / kPanelRows;
  return {gate_up_.data() + expert * num_panels * kLayout.panel_bytes(hidden_size_),
          gate_up_bias_.data() + expert * num_panels * kPanelRows, num_panels, hidden_size_};
}

Panels ExpertWeights::down(int64_t expert) const {
  const int64_t num_panels = hidden_size_ / kPanelRows;
  return {down_.data() + expert * num_panels * kLayout.panel_bytes(intermediate_size_),
          down_bias_.data() + expert * num_panels * kPanelRows, num_panels, intermediate_size_};
}

}  // namespace ossian
