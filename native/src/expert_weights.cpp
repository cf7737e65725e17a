#include "expert_weights.h"

#include <atomic>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

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
bool pack_panels(const uint8_t* blocks, const uint8_t* scales, int64_t num_panels, int64_t num_cols,
                 const RowsOf& rows_of, uint8_t* out) {
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
  HugeBuffer buffer(packed_bytes());
  pack(tensors, buffer.data());
  packed_ = keep(std::move(buffer));
}

ExpertWeights::ExpertWeights(PackedBytes packed, int64_t num_experts, int64_t hidden_size, int64_t intermediate_size)
    : num_experts_(num_experts),
      hidden_size_(hidden_size),
      intermediate_size_(intermediate_size),
      packed_(std::move(packed)) {
  check_sizes(num_experts, hidden_size, intermediate_size);
  check_packed(packed_, packed_bytes());
}

ExpertWeights::Projection ExpertWeights::gate_up_projection() const {
  const Projection down = down_projection();
  const int64_t bias_offset = down.panels_offset + num_experts_ * down.num_panels * kLayout.panel_bytes(down.num_cols);
  return {0, bias_offset, 2 * intermediate_size_ / kPanelRows, hidden_size_};
}

ExpertWeights::Projection ExpertWeights::down_projection() const {
  const int64_t num_panels = hidden_size_ / kPanelRows;
  const int64_t gate_up_panels = num_experts_ * 2 * intermediate_size_ / kPanelRows;
  const int64_t panels_offset = gate_up_panels * kLayout.panel_bytes(hidden_size_);
  const int64_t panels_end = panels_offset + num_experts_ * num_panels * kLayout.panel_bytes(intermediate_size_);
  const int64_t gate_up_bias_bytes = gate_up_panels * kPanelRows * int64_t{sizeof(float)};
  return {panels_offset, panels_end + gate_up_bias_bytes, num_panels, intermediate_size_};
}

int64_t ExpertWeights::packed_bytes() const {
  return down_projection().bias_offset + num_experts_ * hidden_size_ * int64_t{sizeof(float)};
}

void ExpertWeights::pack(const ExpertTensors& tensors, uint8_t* out) const {
  const Projection gate_up = gate_up_projection();
  const Projection down = down_projection();
  if (!pack_panels(tensors.gate_up_blocks, tensors.gate_up_scales, num_experts_ * gate_up.num_panels, gate_up.num_cols,
                   gate_up_rows, out + gate_up.panels_offset)) {
    throw std::invalid_argument("gate_up_scales has a 255, which means NaN");
  }
  if (!pack_panels(tensors.down_blocks, tensors.down_scales, num_experts_ * down.num_panels, down.num_cols, down_rows,
                   out + down.panels_offset)) {
    throw std::invalid_argument("down_scales has a 255, which means NaN");
  }
  pack_biases(tensors, out);
}

void ExpertWeights::pack_biases(const ExpertTensors& tensors, uint8_t* out) const {
  std::vector<float> interleaved(num_experts_ * 2 * intermediate_size_);
  widen(tensors.gate_up_bias, static_cast<int64_t>(interleaved.size()), interleaved.data());
  auto* gate_up_bias = reinterpret_cast<float*>(out + gate_up_projection().bias_offset);
  for (int64_t i = 0; i < static_cast<int64_t>(interleaved.size()); ++i) {
    const Rows rows = gate_up_rows(i / kPanelRows);
    gate_up_bias[i] = interleaved[rows.first + i % kPanelRows * rows.step];
  }
  widen(tensors.down_bias, num_experts_ * hidden_size_, reinterpret_cast<float*>(out + down_projection().bias_offset));
}

Panels ExpertWeights::panels(const Projection& projection, int64_t expert) const {
  const int64_t panel = expert * projection.num_panels;
  const auto* bias = reinterpret_cast<const float*>(packed_.data + projection.bias_offset);
  return {packed_.data + projection.panels_offset + panel * kLayout.panel_bytes(projection.num_cols),
          bias + panel * kPanelRows, projection.num_panels, projection.num_cols};
}

Panels ExpertWeights::gate_up(int64_t expert) const { return panels(gate_up_projection(), expert); }

Panels ExpertWeights::down(int64_t expert) const { return panels(down_projection(), expert); }

}  // namespace ossian
