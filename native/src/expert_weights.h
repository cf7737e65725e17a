// One layer's MXFP4 experts, packed for moe() without loss.
#pragma once

#include <cstdint>

#include "packed_bytes.h"
#include "panel.h"

namespace ossian {

// The checkpoint's tensors; see reference shapes at each.
struct ExpertTensors {
  const uint8_t*
      gate_up_blocks;  // [num_experts, 2 * intermediate_size, hidden_size / 32, 16], rows gate, up, gate, up …
  const uint8_t* gate_up_scales;  // [num_experts, 2 * intermediate_size, hidden_size / 32]
  const uint16_t* gate_up_bias;   // [num_experts, 2 * intermediate_size]
  const uint8_t* down_blocks;     // [num_experts, hidden_size, intermediate_size / 32, 16]
  const uint8_t* down_scales;     // [num_experts, hidden_size, intermediate_size / 32]
  const uint16_t* down_bias;      // [num_experts, hidden_size]
};

class ExpertWeights {
 public:
  // Throws std::invalid_argument unless both sizes are multiples of 32 and no scale is 255 (NaN).
  ExpertWeights(const ExpertTensors& tensors, int64_t num_experts, int64_t hidden_size, int64_t intermediate_size);

  // Use bytes that packed() of such experts gave. Throws std::invalid_argument unless these sizes need as many.
  ExpertWeights(PackedBytes packed, int64_t num_experts, int64_t hidden_size, int64_t intermediate_size);

  int64_t num_experts() const { return num_experts_; }
  int64_t hidden_size() const { return hidden_size_; }
  int64_t intermediate_size() const { return intermediate_size_; }
  // Every expert's gate_up panels, every expert's down panels, then their float biases in the order of the panels.
  const PackedBytes& packed() const { return packed_; }
  Panels gate_up(int64_t expert) const;  // panels alternate: sixteen gate rows, their sixteen up rows
  Panels down(int64_t expert) const;

 private:
  // One of the two matrices: where its panels and biases lie in the packed bytes.
  struct Projection {
    int64_t panels_offset;
    int64_t bias_offset;
    int64_t num_panels;  // of one expert
    int64_t num_cols;
  };
  Projection gate_up_projection() const;
  Projection down_projection() const;
  Panels panels(const Projection& projection, int64_t expert) const;
  int64_t packed_bytes() const;
  void pack(const ExpertTensors& tensors, uint8_t* out) const;
  void pack_biases(const ExpertTensors& tensors, uint8_t* out) const;

  int64_t num_experts_;
  int64_t hidden_size_;
  int64_t intermediate_size_;
  PackedBytes packed_;
};

}  // namespace ossian
