#include "activation_groups.h"

#include "thread_pool.h"

namespace ossian {
namespace {

int64_t aligned(int64_t num_bytes) { return (num_bytes + 63) / 64 * 64; }

}  // namespace

ActivationFormat activation_format(const MatmulKernels& kernels, WeightFormat weight_format, bool exact) {
  if (exact || weight_format == WeightFormat::bf16) return {kernels.round_to_bf16, exact_group_bytes};
  if (weight_format == WeightFormat::int8) return {kernels.quantize_for_int8, quantized_group_bytes};
  return {kernels.quantize_for_mxfp4, quantized_group_bytes};
}

int64_t ActivationGroups::add_rows(const ActivationFormat& format, int32_t num_rows, int32_t max_group_rows) {
  const int32_t num_groups = (num_rows + max_group_rows - 1) / max_group_rows;
  for (int32_t g = 0; g < num_groups; ++g) {
    // Group sizes differ by at most one: seven tokens are 4 + 3, not 6 + 1.
    const int32_t size = (num_rows + g) / num_groups;
    groups_.push_back({num_bytes_, num_rows_, size});
    num_rows_ += size;
    num_bytes_ += aligned(format.group_bytes(size, num_cols_));
  }
  return num_groups;
}

void ActivationGroups::fill(const ActivationFormat& format, const float* x, std::span<const int32_t> rows,
                            std::vector<uint8_t>& storage) {
  if (storage.size() < static_cast<size_t>(num_bytes_)) storage.resize(num_bytes_);
  data_ = storage.data();
  parallel_for(static_cast<int64_t>(groups_.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t g = begin; g < end; ++g) {
      const TokenGroup& group = groups_[g];
      format.fill(x, rows.data() + group.first_row, group.num_rows, num_cols_, storage.data() + group.offset);
    }
  });
}

}  // namespace ossian
