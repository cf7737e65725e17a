// Rows of the checkpoint into panels (panel.h).
#pragma once

#include <cstdint>

#include "kernel_table.h"
#include "panel.h"

namespace ossian {

struct PackKernels {
  // Sixteen bf16 rows, `stride` elements apart, into one panel. Whether all values are finite.
  bool (*int8_panel)(const uint16_t* rows, int64_t stride, int64_t num_cols, uint8_t* panel);
  bool (*bf16_panel)(const uint16_t* rows, int64_t stride, int64_t num_cols, uint8_t* panel);
};
OSSIAN_KERNEL_TABLE(PackKernels, pack_kernels);

// Sixteen MXFP4 rows, `row_step` rows apart, into one panel: blocks of 16 bytes with consecutive pairs of values in
// each byte (low nibble first), and one scale byte a block. Whether no scale is 255, which means NaN.
bool pack_mxfp4_panel(const uint8_t* blocks, const uint8_t* scales, int64_t row_step, int64_t num_cols, uint8_t* panel);

}  // namespace ossian
