#include "linear.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>

#include <memory>
#include <optional>

#include "arrays.h"
#include "packed_views.h"
#include "topics.h"

namespace ossian {
namespace {

WeightFormat format_from(const std::string& name) {
  if (name == "int8") return WeightFormat::int8;
  if (name == "bf16") return WeightFormat::bf16;
  throw nb::value_error(("dense_format is '" + name + "'; it must be int8 or bf16").c_str());
}

std::unique_ptr<DenseWeight> bound_pack_dense(nb::handle weight_, nb::handle bias_, const std::string& dense_format) {
  const Array<const uint16_t, 2> weight(weight_, "weight");
  std::optional<Array<const uint16_t, 1>> bias;
  if (!bias_.is_none()) {
    bias.emplace(bias_, "bias");
    check_size(*bias, 0, weight.size(0), "num_rows of weight");
  }
  const WeightFormat format = format_from(dense_format);
  const nb::gil_scoped_release release;
  return std::make_unique<DenseWeight>(weight.data(), bias ? bias->data() : nullptr, weight.size(0), weight.size(1),
                                       format);
}

std::unique_ptr<DenseWeight> bound_dense_from_packed(nb::handle packed, int64_t num_rows, int64_t num_cols,
                                                     const std::string& dense_format, bool has_bias) {
  return std::make_unique<DenseWeight>(borrow(packed), num_rows, num_cols, format_from(dense_format), has_bias);
}

void bound_linear(nb::handle x_, const DenseWeight& weight, nb::handle out_, bool accumulate, bool exact) {
  const Array<const float, 2> x(x_, "x");
  const Array<float, 2> out(out_, "out");
  check_size(x, 1, weight.num_cols(), "num_cols of weight");
  check_size(out, 0, x.size(0), "num_tokens of x");
  check_size(out, 1, weight.num_rows(), "num_rows of weight");
  const nb::gil_scoped_release release;
  linear(x.data(), x.size(0), weight, out.data(), accumulate, exact);
}

}  // namespace

void bind_linear(nb::module_& m) {
  nb::class_<DenseWeight>(m, "DenseWeight", "A dense weight and its bias, packed for linear().")
      .def_prop_ro("num_rows", &DenseWeight::num_rows)
      .def_prop_ro("num_cols", &DenseWeight::num_cols)
      .def_prop_ro("nbytes", [](const DenseWeight& weight) { return weight.packed().size; })
      .def_prop_ro("packed", [](nb::handle self) { return view(nb::cast<const DenseWeight&>(self).packed(), self); })
      .def_prop_ro("format", [](const DenseWeight& weight) {
        return std::string(weight.format() == WeightFormat::int8 ? "int8" : "bf16");
      });
  m.def("pack_dense", bound_pack_dense, nb::arg("weight"), nb::arg("bias").none(), nb::arg("dense_format"));
  m.def("dense_from_packed", bound_dense_from_packed, nb::arg("packed"), nb::arg("num_rows"), nb::arg("num_cols"),
        nb::arg("dense_format"), nb::arg("has_bias"));
  m.def("linear", bound_linear, nb::arg("x"), nb::arg("weight"), nb::arg("out"), nb::arg("accumulate"),
        nb::arg("exact"));
}

}  // namespace ossian
