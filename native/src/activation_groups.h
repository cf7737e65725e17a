// Tokens cut into groups and quantised (or rounded) for the matrix kernels; see token_group.h.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "matmul_kernels.h"

namespace ossian {

// How activations are stored for a kernel: which fill it wants, and a group's size.
struct ActivationFormat {
  FillGroup fill;
  int64_t (*group_bytes)(int64_t num_rows, int64_t num_cols);
};
ActivationFormat activation_format(const MatmulKernels& kernels, WeightFormat weight_format, bool exact);

class ActivationGroups {
 public:
  explicit ActivationGroups(int64_t num_cols) : num_cols_(num_cols) {}

  // Append the next num_rows output rows, as even groups of at most max_group_rows. Returns how many groups.
  int64_t add_rows(const ActivationFormat& format, int32_t num_rows, int32_t max_group_rows);

  // Fill every group: output row i is token rows[i] of x. `storage` is the memory the groups use until the next call.
  void fill(const ActivationFormat& format, const float* x, std::span<const int32_t> rows,
            std::vector<uint8_t>& storage);

  // Groups [begin, end).
  TokenGroups view(int64_t begin, int64_t end) const { return {data_, groups_.data() + begin, end - begin}; }
  TokenGroups view() const { return view(0, static_cast<int64_t>(groups_.size())); }

 private:
  int64_t num_cols_;
  int64_t num_bytes_ = 0;
  int32_t num_rows_ = 0;
  std::vector<TokenGroup> groups_;
  const uint8_t* data_ = nullptr;
};

}  // namespace ossian
