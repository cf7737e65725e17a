#include "linear.h"

#include <numeric>
#include <stdexcept>
#include <vector>

#include "activation_groups.h"
#include "matmul_kernels.h"
#include "thread_pool.h"

namespace ossian {
namespace {

constexpr int64_t kMostPanelsPerChunk = 4;

// Reused from call to call, so that a step touches no fresh memory once it has run.
thread_local std::vector<uint8_t> group_storage;

}  // namespace

void linear(const float* x, int64_t num_tokens, const DenseWeight& weight, float* out, bool accumulate, bool exact) {
  if (exact && weight.format() == WeightFormat::int8) {
    throw std::invalid_argument("exact needs a bf16 weight, and this one is packed as int8");
  }
  if (num_tokens == 0) return;
  const MatmulKernels& kernels = OSSIAN_SELECT(matmul_kernels);
  const ActivationFormat format = activation_format(kernels, weight.format(), exact);
  std::vector<int32_t> rows(num_tokens);
  std::iota(rows.begin(), rows.end(), 0);
  ActivationGroups groups(weight.num_cols());
  groups.add_rows(format, static_cast<int32_t>(num_tokens), kernels.max_group_rows);
  groups.fill(format, x, rows, group_storage);

  const MultiplyPanels multiply = weight.format() == WeightFormat::int8 ? kernels.int8 : kernels.bf16;
  const Panels panels = weight.panels();
  const MatmulOutput output{out, weight.num_rows(), accumulate};
  parallel_for(panels.num_panels, chunk_size(panels.num_panels, kMostPanelsPerChunk),
               [&](int64_t begin, int64_t end) { multiply(panels, groups.view(), begin, end, output); });
}

}  // namespace ossian
