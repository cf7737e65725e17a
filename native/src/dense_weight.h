// A dense weight and its bias, packed for linear().
#pragma once

#include <cstdint>

#include "packed_bytes.h"
#include "panel.h"

namespace ossian {

class DenseWeight {
 public:
  // Pack a [num_rows, num_cols] bf16 weight and its [num_rows] bias (null: none). int8 is symmetric, with one bf16
  // scale per row and 32 columns. Throws std::invalid_argument unless num_rows % 16 == 0, num_cols % 32 == 0 and every
  // weight is finite.
  DenseWeight(const uint16_t* weight, const uint16_t* bias, int64_t num_rows, int64_t num_cols, WeightFormat format);

  // Use bytes that packed() of such a weight gave. Throws std::invalid_argument unless these sizes need as many.
  DenseWeight(PackedBytes packed, int64_t num_rows, int64_t num_cols, WeightFormat format, bool has_bias);

  int64_t num_rows() const { return num_rows_; }
  int64_t num_cols() const { return num_cols_; }
  WeightFormat format() const { return format_; }
  const PackedBytes& packed() const { return packed_; }  // the panels, then the float bias
  Panels panels() const;

 private:
  void pack(const uint16_t* weight, uint8_t* out) const;
  int64_t panels_bytes() const { return num_rows_ / kPanelRows * layout_of(format_).panel_bytes(num_cols_); }
  int64_t packed_bytes() const { return panels_bytes() + (has_bias_ ? num_rows_ * int64_t{sizeof(float)} : 0); }

  int64_t num_rows_;
  int64_t num_cols_;
  WeightFormat format_;
  bool has_bias_;
  PackedBytes packed_;
};

// bf16 to float; the values may be unaligned.
void widen(const uint16_t* values, int64_t size, float* out);

}  // namespace ossian
