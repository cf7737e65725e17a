#include "norm.h"

#include "arrays.h"
#include "topics.h"

namespace ossian {
namespace {

void bound_rms_norm(nb::handle x_, nb::handle weight_, float eps, nb::handle out_) {
  const Array<const float, 2> x(x_, "x");
  const Array<const float, 1> weight(weight_, "weight");
  const Array<float, 2> out(out_, "out");
  check_size(weight, 0, x.size(1), "hidden_size of x");
  check_size(out, 0, x.size(0), "num_tokens of x");
  check_size(out, 1, x.size(1), "hidden_size of x");
  const nb::gil_scoped_release release;
  rms_norm(x.data(), weight.data(), eps, x.size(0), x.size(1), out.data());
}

}  // namespace

void bind_norm(nb::module_& m) {
  m.def("rms_norm", bound_rms_norm, nb::arg("x"), nb::arg("weight"), nb::arg("eps"), nb::arg("out"));
}

}  // namespace ossian
