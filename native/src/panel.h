// Packed weights: panels of sixteen rows, cut along K into blocks of 32.
//
//   int8     block   8 steps of 64 bytes: step s has k = 4s … 4s + 3 of each row
//            scales  16 bf16: weight = int8 * scale
//   mxfp4    block   4 steps of 64 bytes: low nibbles are step s, high nibbles step s + 4
//            scales  16 bytes: weight = E2M1 * 2^(scale - 127)
//   bf16     block   32 times 16 bf16: one k of each row
//            scales  none
//
// A panel is all its blocks, then all its scales, padded to 64 bytes.
#pragma once

#include <cstdint>

namespace ossian {

// Of this layout and of the values in it. Packed weights are kept in files: whoever changes what packing gives for the
// same checkpoint raises it.
inline constexpr int kPackVersion = 1;

inline constexpr int64_t kPanelRows = 16;
inline constexpr int64_t kBlock = 32;

enum class WeightFormat { int8, mxfp4, bf16 };

struct PanelLayout {
  int64_t block_bytes;
  int64_t scale_bytes;

  [[gnu::always_inline]] constexpr int64_t panel_bytes(int64_t num_cols) const {
    const int64_t bytes = num_cols / kBlock * (block_bytes + scale_bytes);
    return (bytes + 63) / 64 * 64;
  }
};

[[gnu::always_inline]] constexpr PanelLayout layout_of(WeightFormat format) {
  switch (format) {
    case WeightFormat::int8:
      return {512, 32};
    case WeightFormat::mxfp4:
      return {256, 16};
    case WeightFormat::bf16:
      break;
  }
  return {1024, 0};
}

// Consecutive panels, and the float bias of their rows (null: none).
struct Panels {
  const uint8_t* data;
  const float* bias;
  int64_t num_panels;
  int64_t num_cols;
};

}  // namespace ossian
