// Activations as the matrix kernels read them: groups of a few tokens, cut along K into blocks of 32.
//
// A group of n tokens holds one block after the other. Quantised, a block is n rows of 32 int8, n float scales
// (x = int8 * scale) and n int32 corrections (minus the weights' offset times the sum of the int8; see simd_dot.h).
// Exact, a block is 32 rows of n floats already rounded to bf16.
#pragma once

#include <cstdint>

#include "panel.h"

namespace ossian {

struct TokenGroup {
  int64_t offset;     // of its first block, in bytes
  int32_t first_row;  // its tokens are rows [first_row, first_row + num_rows) of the output
  int32_t num_rows;
};

struct TokenGroups {
  const uint8_t* data;
  const TokenGroup* groups;
  int64_t num_groups;
};

[[gnu::always_inline]] constexpr int64_t quantized_group_bytes(int64_t num_rows, int64_t num_cols) {
  return num_cols / kBlock * num_rows * (kBlock + 8);
}
[[gnu::always_inline]] constexpr int64_t exact_group_bytes(int64_t num_rows, int64_t num_cols) {
  return num_cols * num_rows * 4;
}

}  // namespace ossian
