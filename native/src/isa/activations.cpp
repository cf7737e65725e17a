#include "activations.h"

#include "simd_dot.h"

namespace ossian::OSSIAN_ISA_NS {
namespace {

// One row's place in a block of a group of num_rows.
void quantize_block(const float* x, int32_t row, int32_t num_rows, int32_t offset, uint8_t* block) {
  const f32x16 a = load(x);
  const f32x16 b = load(x + 16);
  const BlockScale scale = scale_of(a, b);
  const i32x16 qa = quantize(a, scale.inverse);
  const i32x16 qb = quantize(b, scale.inverse);
  const int32_t correction = -offset * reduce_add_i32(qa + qb);
  auto* values = reinterpret_cast<int8_t*>(block) + row * kBlock;
  store_as_int8(values, qa);
  store_as_int8(values + 16, qb);
  uint8_t* scales = block + num_rows * kBlock;
  std::memcpy(scales + row * 4, &scale.scale, 4);
  std::memcpy(scales + num_rows * 4 + row * 4, &correction, 4);
}

void quantize_group(const float* x, const int32_t* rows, int32_t num_rows, int64_t num_cols, int32_t offset,
                    uint8_t* group) {
  const int64_t block_bytes = num_rows * (kBlock + 8);
  for (int32_t row = 0; row < num_rows; ++row) {
    const float* source = x + rows[row] * num_cols;
    for (int64_t block = 0; block < num_cols / kBlock; ++block) {
      quantize_block(source + block * kBlock, row, num_rows, offset, group + block * block_bytes);
    }
  }
}

}  // namespace

void quantize_for_int8(const float* x, const int32_t* rows, int32_t num_rows, int64_t num_cols, uint8_t* group) {
  quantize_group(x, rows, num_rows, num_cols, kInt8Offset, group);
}

void quantize_for_mxfp4(const float* x, const int32_t* rows, int32_t num_rows, int64_t num_cols, uint8_t* group) {
  quantize_group(x, rows, num_rows, num_cols, kMxfp4Offset, group);
}

void round_to_bf16(const float* x, const int32_t* rows, int32_t num_rows, int64_t num_cols, uint8_t* group) {
  auto* out = reinterpret_cast<float*>(group);
  for (int32_t row = 0; row < num_rows; ++row) {
    const float* source = x + rows[row] * num_cols;
    for (int64_t k = 0; k < num_cols; k += kLanes) {
      float lanes[kLanes];
      store(lanes, round_bf16(load(source + k)));
      for (int lane = 0; lane < kLanes; ++lane) out[(k + lane) * num_rows + row] = lanes[lane];
    }
  }
}

}  // namespace ossian::OSSIAN_ISA_NS
