#include "moe.h"

#include <nanobind/stl/unique_ptr.h>

#include <memory>

#include "arrays.h"
#include "packed_views.h"
#include "route.h"
#include "topics.h"

namespace ossian {
namespace {

// Blocks [num_experts, num_rows, num_cols / 32, 16] with scales and bias to match.
struct Projection {
  Array<const uint8_t, 4> blocks;
  Array<const uint8_t, 3> scales;
  Array<const uint16_t, 2> bias;

  void check(int64_t num_experts, int64_t num_rows, int64_t num_blocks) const {
    check_size(blocks, 0, num_experts, "num_experts of gate_up_blocks");
    check_size(blocks, 1, num_rows, "the number of rows");
    check_size(blocks, 2, num_blocks, "the number of columns / 32");
    check_size(blocks, 3, kBlock / 2, "the bytes of a block of 32 values");
    for (int dim = 0; dim < 3; ++dim) check_size(scales, dim, blocks.size(dim), "as in the blocks");
    for (int dim = 0; dim < 2; ++dim) check_size(bias, dim, blocks.size(dim), "as in the blocks");
  }
};

std::unique_ptr<ExpertWeights> bound_pack_experts(nb::handle gate_up_blocks, nb::handle gate_up_scales,
                                                  nb::handle gate_up_bias, nb::handle down_blocks,
                                                  nb::handle down_scales, nb::handle down_bias) {
  const Projection gate_up{
      {gate_up_blocks, "gate_up_blocks"}, {gate_up_scales, "gate_up_scales"}, {gate_up_bias, "gate_up_bias"}};
  const Projection down{{down_blocks, "down_blocks"}, {down_scales, "down_scales"}, {down_bias, "down_bias"}};
  const int64_t num_experts = gate_up.blocks.size(0);
  const int64_t hidden_size = gate_up.blocks.size(2) * kBlock;
  const int64_t intermediate_size = gate_up.blocks.size(1) / 2;
  gate_up.check(num_experts, 2 * intermediate_size, hidden_size / kBlock);
  down.check(num_experts, hidden_size, intermediate_size / kBlock);
  const nb::gil_scoped_release release;
  return std::make_unique<ExpertWeights>(
      ExpertTensors{gate_up.blocks.data(), gate_up.scales.data(), gate_up.bias.data(), down.blocks.data(),
                    down.scales.data(), down.bias.data()},
      num_experts, hidden_size, intermediate_size);
}

std::unique_ptr<ExpertWeights> bound_experts_from_packed(nb::handle packed, int64_t num_experts, int64_t hidden_size,
                                                         int64_t intermediate_size) {
  return std::make_unique<ExpertWeights>(borrow(packed), num_experts, hidden_size, intermediate_size);
}

void bound_route(nb::handle x_, nb::handle weight_, nb::handle bias_, nb::handle expert_ids_,
                 nb::handle expert_weights_) {
  const Array<const float, 2> x(x_, "x");
  const Array<const float, 2> weight(weight_, "weight");
  const Array<const float, 1> bias(bias_, "bias");
  const Array<int32_t, 2> expert_ids(expert_ids_, "expert_ids");
  const Array<float, 2> expert_weights(expert_weights_, "expert_weights");
  check_size(weight, 1, x.size(1), "hidden_size of x");
  check_size(bias, 0, weight.size(0), "num_experts of weight");
  check_size(expert_ids, 0, x.size(0), "num_tokens of x");
  check_size(expert_weights, 0, x.size(0), "num_tokens of x");
  check_size(expert_weights, 1, expert_ids.size(1), "k of expert_ids");
  const nb::gil_scoped_release release;
  route(x.data(), x.size(0), {weight.data(), bias.data(), weight.size(0), weight.size(1)}, expert_ids.size(1),
        expert_ids.data(), expert_weights.data());
}

void bound_moe(nb::handle x_, const ExpertWeights& experts, nb::handle expert_ids_, nb::handle expert_weights_,
               float swiglu_limit, nb::handle out_, bool exact) {
  const Array<const float, 2> x(x_, "x");
  const Array<const int32_t, 2> expert_ids(expert_ids_, "expert_ids");
  const Array<const float, 2> expert_weights(expert_weights_, "expert_weights");
  const Array<float, 2> out(out_, "out");
  check_size(x, 1, experts.hidden_size(), "hidden_size of experts");
  check_size(expert_ids, 0, x.size(0), "num_tokens of x");
  check_size(expert_weights, 0, x.size(0), "num_tokens of x");
  check_size(expert_weights, 1, expert_ids.size(1), "k of expert_ids");
  check_size(out, 0, x.size(0), "num_tokens of x");
  check_size(out, 1, experts.hidden_size(), "hidden_size of experts");
  const nb::gil_scoped_release release;
  moe(x.data(), experts, {expert_ids.data(), expert_weights.data(), x.size(0), expert_ids.size(1)}, swiglu_limit,
      out.data(), exact);
}

}  // namespace

void bind_moe(nb::module_& m) {
  nb::class_<ExpertWeights>(m, "ExpertWeights", "One layer's MXFP4 experts, packed for moe().")
      .def_prop_ro("num_experts", &ExpertWeights::num_experts)
      .def_prop_ro("hidden_size", &ExpertWeights::hidden_size)
      .def_prop_ro("intermediate_size", &ExpertWeights::intermediate_size)
      .def_prop_ro("nbytes", [](const ExpertWeights& weight) { return weight.packed().size; })
      .def_prop_ro("packed", [](nb::handle self) { return view(nb::cast<const ExpertWeights&>(self).packed(), self); });
  m.def("pack_experts", bound_pack_experts, nb::arg("gate_up_blocks"), nb::arg("gate_up_scales"),
        nb::arg("gate_up_bias"), nb::arg("down_blocks"), nb::arg("down_scales"), nb::arg("down_bias"));
  m.def("experts_from_packed", bound_experts_from_packed, nb::arg("packed"), nb::arg("num_experts"),
        nb::arg("hidden_size"), nb::arg("intermediate_size"));
  m.def("route", bound_route, nb::arg("x"), nb::arg("weight"), nb::arg("bias"), nb::arg("expert_ids"),
        nb::arg("expert_weights"));
  m.def("moe", bound_moe, nb::arg("x"), nb::arg("experts"), nb::arg("expert_ids"), nb::arg("expert_weights"),
        nb::arg("swiglu_limit"), nb::arg("out"), nb::arg("exact"));
}

}  // namespace ossian
