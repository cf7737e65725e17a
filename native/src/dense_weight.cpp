#include "dense_weight.h"

#include <atomic>
#include <cstring>
#include <stdexcept>
#include <string>

#include "pack_kernels.h"
#include "thread_pool.h"

namespace ossian {
namespace {

constexpr int64_t kPanelsPerChunk = 4;

void check_shape(int64_t num_rows, int64_t num_cols) {
  if (num_rows > 0 && num_cols > 0 && num_rows % kPanelRows == 0 && num_cols % kBlock == 0) return;
  throw std::invalid_argument("weight is [" + std::to_string(num_rows) + ", " + std::to_string(num_cols) +
                              "]; num_rows must be a positive multiple of 16 and num_cols of 32");
}

}  // namespace

std::vector<float> widen(const uint16_t* values, int64_t size) {
  std::vector<float> result(size);
  for (int64_t i = 0; i < size; ++i) {
    uint16_t half;  // the tensor may be unaligned
    std::memcpy(&half, reinterpret_cast<const uint8_t*>(values) + 2 * i, sizeof half);
    const uint32_t bits = uint32_t{half} << 16;
    std::memcpy(&result[i], &bits, sizeof bits);
  }
  return result;
}

DenseWeight::DenseWeight(const uint16_t* weight, const uint16_t* bias, int64_t num_rows, int64_t num_cols,
                         WeightFormat format)
    : num_rows_(num_rows), num_cols_(num_cols), format_(format) {
  check_shape(num_rows, num_cols);
  if (bias != nullptr) bias_ = widen(bias, num_rows);
  packed_ = HugeBuffer(num_rows / kPanelRows * layout_of(format).panel_bytes(num_cols));
  pack(weight);
}

void DenseWeight::pack(const uint16_t* weight) {
  const PackKernels& kernels = OSSIAN_SELECT(pack_kernels);
  const auto pack_panel = format_ == WeightFormat::int8 ? kernels.int8_panel : kernels.bf16_panel;
  const int64_t panel_bytes = layout_of(format_).panel_bytes(num_cols_);
  std::atomic<bool> is_finite{true};
  parallel_for(num_rows_ / kPanelRows, kPanelsPerChunk, [&](int64_t begin, int64_t end) {
    for (int64_t panel = begin; panel < end; ++panel) {
      const uint16_t* rows = weight + panel * kPanelRows * num_cols_;
      if (!pack_panel(rows, num_cols_, num_cols_, packed_.data() + panel * panel_bytes)) is_finite = false;
    }
  });
  if (!is_finite) throw std::invalid_argument("weight has a NaN or an infinity");
}

Panels DenseWeight::panels() const {
  return {packed_.data(), bias_.empty() ? nullptr : bias_.data(), num_rows_ / kPanelRows, num_cols_};
}

}  // namespace ossian
