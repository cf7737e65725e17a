// A dense weight and its bias, packed for linear().
#pragma once

#include <cstdint>
#include <vector>

#include "huge_buffer.h"
#include "panel.h"

namespace ossian {

class DenseWeight {
 public:
  // Pack a [num_rows, num_cols] bf16 weight and its [num_rows] bias (null: none). int8 is symmetric, with one bf16
  // scale per row and 32 columns. Throws std::invalid_argument unless num_rows % 16 == 0, num_cols % 32 == 0 and every
  // weight is finite.
  DenseWeight(const uint16_t* weight, const uint16_t* bias, int64_t num_rows, int64_t num_cols, WeightFormat format);

  int64_t num_rows() const { return num_rows_; }
  int64_t num_cols() const { return num_cols_; }
  WeightFormat format() const { return format_; }
  int64_t num_bytes() const { return static_cast<int64_t>(packed_.size() + bias_.size() * sizeof(float)); }
  Panels panels() const;

 private:
  void pack(const uint16_t* weight);

  int64_t num_rows_;
  int64_t num_cols_;
  WeightFormat format_;
  HugeBuffer packed_;
  std::vector<float> bias_;
};

// bf16 to float.
std::vector<float> widen(const uint16_t* values, int64_t size);

}  // namespace ossian
