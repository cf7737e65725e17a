#include "activations.h"
#include "pack_kernels.h"
#include "simd.h"

namespace ossian::OSSIAN_ISA_NS {
namespace {

// Round the scale up to bf16, so that no weight exceeds 127 times it.
float round_up_to_bf16(float scale) {
  uint32_t bits;
  std::memcpy(&bits, &scale, sizeof bits);
  bits = (bits + 0xffff) & 0xffff0000;
  std::memcpy(&scale, &bits, sizeof bits);
  return scale;
}

i32x16 quantize_weights(f32x16 w, float scale) { return scale == 0.0f ? splat_i32(0) : round_to_i32(w / splat(scale)); }

// One row's 32 weights of a block; false when one is not finite.
bool pack_int8_block(const uint16_t* weights, int row, uint8_t* block, uint8_t* scales) {
  const f32x16 a = load_bf16(weights);
  const f32x16 b = load_bf16(weights + 16);
  const BlockScale exact = scale_of(a, b);
  if (exact.scale != exact.scale) return false;
  const float scale = round_up_to_bf16(exact.scale);
  int8_t values[kBlock];
  store_as_int8(values, quantize_weights(a, scale));
  store_as_int8(values + 16, quantize_weights(b, scale));
  for (int step = 0; step < 8; ++step) std::memcpy(block + step * 64 + row * 4, values + step * 4, 4);
  uint8_t scale_bytes[4];
  std::memcpy(scale_bytes, &scale, 4);
  std::memcpy(scales + row * 2, scale_bytes + 2, 2);
  return true;
}

bool pack_int8_panel(const uint16_t* rows, int64_t stride, int64_t num_cols, uint8_t* panel) {
  const PanelLayout layout = layout_of(WeightFormat::int8);
  uint8_t* scales = panel + num_cols / kBlock * layout.block_bytes;
  bool is_finite = true;
  for (int64_t block = 0; block < num_cols / kBlock; ++block) {
    for (int row = 0; row < kPanelRows; ++row) {
      is_finite &= pack_int8_block(rows + row * stride + block * kBlock, row, panel + block * layout.block_bytes,
                                   scales + block * layout.scale_bytes);
    }
  }
  return is_finite;
}

bool pack_bf16_panel(const uint16_t* rows, int64_t stride, int64_t num_cols, uint8_t* panel) {
  uint16_t worst = 0;
  for (int64_t k = 0; k < num_cols; ++k) {
    uint16_t column[kPanelRows];
    for (int row = 0; row < kPanelRows; ++row) {
      std::memcpy(column + row, rows + row * stride + k, 2);
      const auto magnitude = static_cast<uint16_t>(column[row] & 0x7fff);
      worst = magnitude > worst ? magnitude : worst;
    }
    std::memcpy(panel + k * sizeof column, column, sizeof column);
  }
  return worst < 0x7f80;
}

}  // namespace

const PackKernels pack_kernels{.int8_panel = pack_int8_panel, .bf16_panel = pack_bf16_panel};

}  // namespace ossian::OSSIAN_ISA_NS
