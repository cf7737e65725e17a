#include "moe.h"

#include <algorithm>

#include "activation_groups.h"
#include "matmul_kernels.h"
#include "moe_plan.h"
#include "thread_pool.h"

namespace ossian {
namespace {

constexpr int64_t kMostPairsPerChunk = 2;
constexpr int64_t kMostPanelsPerChunk = 4;
constexpr int64_t kTokensPerChunk = 4;

// Reused from call to call, so that a step touches no fresh memory once it has run.
struct Storage {
  std::vector<uint8_t> groups;
  std::vector<float> activations;  // [num_slots, intermediate_size]
  std::vector<float> outputs;      // [num_slots, hidden_size]
};
thread_local Storage storage;

float* at_least(std::vector<float>& values, int64_t size) {
  if (values.size() < static_cast<size_t>(size)) values.resize(size);
  return values.data();
}

// The slots as groups, an expert's after another's; where each expert's groups begin is noted in the plan.
ActivationGroups group_slots(const ActivationFormat& format, int64_t num_cols, int32_t max_group_rows, MoePlan& plan) {
  ActivationGroups groups(num_cols);
  int64_t num_groups = 0;
  for (MoePlan::Expert& expert : plan.experts) {
    expert.first_group = num_groups;
    num_groups += groups.add_rows(format, expert.num_slots, max_group_rows);
    expert.end_group = num_groups;
  }
  return groups;
}

// Call f(expert, begin, end) for the units [0, num_units) of every expert, in parallel.
template <class F>
void for_each_expert(const MoePlan& plan, int64_t num_units, int64_t largest_chunk, const F& f) {
  const auto total = static_cast<int64_t>(plan.experts.size()) * num_units;
  parallel_for(total, chunk_size(total, largest_chunk), [&](int64_t begin, int64_t end) {
    while (begin < end) {
      const int64_t first = begin % num_units;
      const int64_t last = std::min(num_units, first + end - begin);
      f(plan.experts[begin / num_units], first, last);
      begin += last - first;
    }
  });
}

class Moe {
 public:
  Moe(const ExpertWeights& experts, MoePlan& plan, bool exact)
      : kernels_(OSSIAN_SELECT(matmul_kernels)),
        format_(activation_format(kernels_, WeightFormat::mxfp4, exact)),
        experts_(experts),
        plan_(plan),
        exact_(exact) {}

  void gate_up(const float* x, float limit, float* activations) {
    ActivationGroups groups = group_slots(format_, experts_.hidden_size(), kernels_.max_group_rows, plan_);
    groups.fill(format_, x, plan_.tokens, storage.groups);
    const MultiplyGateUp multiply = exact_ ? kernels_.gate_up_exact : kernels_.gate_up;
    const MatmulOutput out{activations, experts_.intermediate_size(), false};
    for_each_expert(plan_, experts_.intermediate_size() / kPanelRows, kMostPairsPerChunk,
                    [&](const MoePlan::Expert& expert, int64_t begin, int64_t end) {
                      const TokenGroups view = groups.view(expert.first_group, expert.end_group);
                      multiply(experts_.gate_up(expert.id), view, begin, end, limit, out);
                    });
  }

  void down(const float* activations, float* outputs) {
    ActivationGroups groups = group_slots(format_, experts_.intermediate_size(), kernels_.max_group_rows, plan_);
    groups.fill(format_, activations, plan_.in_order, storage.groups);
    const MultiplyPanels multiply = exact_ ? kernels_.mxfp4_exact : kernels_.mxfp4;
    const MatmulOutput out{outputs, experts_.hidden_size(), false};
    for_each_expert(plan_, experts_.hidden_size() / kPanelRows, kMostPanelsPerChunk,
                    [&](const MoePlan::Expert& expert, int64_t begin, int64_t end) {
                      const TokenGroups view = groups.view(expert.first_group, expert.end_group);
                      multiply(experts_.down(expert.id), view, begin, end, out);
                    });
  }

  // out[t] += Σ_rank weight · outputs[slot of (t, rank)]
  void combine(const float* outputs, const Routing& routing, float* out) const {
    const int64_t size = experts_.hidden_size();
    parallel_for(routing.num_tokens, kTokensPerChunk, [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; ++t) {
        kernels_.add_weighted(outputs, plan_.slots.data() + t * routing.k, routing.expert_weights + t * routing.k,
                              routing.k, size, out + t * size);
      }
    });
  }

 private:
  const MatmulKernels& kernels_;
  ActivationFormat format_;
  const ExpertWeights& experts_;
  MoePlan& plan_;
  bool exact_;
};

}  // namespace

void moe(const float* x, const ExpertWeights& experts, const Routing& routing, float swiglu_limit, float* out,
         bool exact) {
  MoePlan plan(routing, experts.num_experts());
  const auto num_slots = static_cast<int64_t>(plan.tokens.size());
  if (num_slots == 0) return;
  float* activations = at_least(storage.activations, num_slots * experts.intermediate_size());
  float* outputs = at_least(storage.outputs, num_slots * experts.hidden_size());
  Moe layer(experts, plan, exact);
  layer.gate_up(x, swiglu_limit, activations);
  layer.down(activations, outputs);
  layer.combine(outputs, routing, out);
}

}  // namespace ossian
