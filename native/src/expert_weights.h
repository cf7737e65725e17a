// One layer's MXFP4 experts, packed for moe() without loss.
#pragma once

#include <cstdint>
#include <vector>

#include "huge_buffer.h"
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

  int64_t num_experts() const { return num_experts_; }
  int64_t hidden_size() const { return hidden_size_; }
  int64_t intermediate_size() const { return intermediate_size_; }
  int64_t num_bytes() const;
  Panels gate_up(int64_t expert) const;  // panels alternate: sixteen gate rows, their sixteen up rows
  Panels down(int64_t expert) const;

 private:
  void pack_biases(const ExpertTensors& tensors);
  bool pack_gate_up(const ExpertTensors& tensors);
  bool pack_down(const ExpertTensors& tensors);

  int64_t num_experts_;
  int64_t hidden_size_;
  int64_t intermediate_size_;
  HugeBuffer gate_up_;
  HugeBuffer down_;
  std::vector<float> gate_up_bias_;  // in panel order
  std::vector<float> down_bias_;
};

}  // namespace ossian
