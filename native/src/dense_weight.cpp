#include "dense_weight.h"

#include <atomic>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

#include "pack_kernels.h"
#include "thread_pool.h"

namespace ossian {
namespace {

constexpr int64_t kMostPanelsPerChunk = 4;

void check_shape(int64_t num_rows, int64_t num_cols) {
  if (num_rows > 0 && num_cols > 0 && num_rows % kPanelRows == 0 && num_cols % kBlock == 0) return;
  throw std::invalid_argument("weight is [" + std::to_string(num_rows) + ", " + std::to_string(num_cols) +
                              "]; num_rows must be a positive multiple of 16 and num_cols of 32");
}

}  // namespace

void widen(const uint16_t* values, int64_t size, float* out) {
  for (int64_t i = 0; i < size; ++i) {
    uint16_t half;
    std::memcpy(&half, reinterpret_cast<const uint8_t*>(values) + 2 * i, sizeof half);
    const uint32_t bits = uint32_t{half} << 16;
    std::memcpy(out + i, &bits, sizeof bits);
  }
}

DenseWeight::DenseWeight(const uint16_t* weight, const uint16_t* bias, int64_t num_rows, int64_t num_cols,
                         WeightFormat format)
    : num_rows_(num_rows), num_cols_(num_cols), format_(format), has_bias_(bias != nullptr) {
  check_shape(num_rows, num_cols);
  HugeBuffer buffer(packed_bytes());
  pack(weight, buffer.data());
  if (has_bias_) widen(bias, num_rows, reinterpret_cast<float*>(buffer.data() + panels_bytes()));
  packed_ = keep(std::move(buffer));
}

DenseWeight::DenseWeight(PackedBytes packed, int64_t num_rows, int64_t num_cols, WeightFormat format, bool has_bias)
    : num_rows_(num_rows), num_cols_(num_cols), format_(format), has_bias_(has_bias), packed_(std::move(packed)) {
  check_shape(num_rows, num_cols);
  check_packed(packed_, packed_bytes());
}

void DenseWeight::pack(const uint16_t* weight, uint8_t* out) const {
  const PackKernels& kernels = OSSIAN_SELECT(pack_kernels);
  const auto pack_panel = format_ == WeightFormat::int8 ? kernels.int8_panel : kernels.bf16_panel;
  const int64_t panel_bytes = layout_of(format_).panel_bytes(num_cols_);
  std::atomic<bool> is_finite{true};
  const int64_t num_panels = num_rows_ / kPanelRows;
  parallel_for(num_panels, chunk_size(num_panels, kMostPanelsPerChunk), [&](int64_t begin, int64_t end) {
    for (int64_t panel = begin; panel < end; ++panel) {
      const uint16_t* rows = weight + panel * kPanelRows * num_cols_;
      if (!pack_panel(rows, num_cols_, num_cols_, out + panel * panel_bytes)) is_finite = false;
    }
  });
  if (!is_finite) throw std::invalid_argument("weight has a NaN or an infinity");
}

Panels DenseWeight::panels() const {
  const auto* bias = reinterpret_cast<const float*>(packed_.data + panels_bytes());
  return {packed_.data, has_bias_ ? bias : nullptr, num_rows_ / kPanelRows, num_cols_};
}

}  // namespace ossian
