#include "embedding.h"

#include "arrays.h"
#include "topics.h"

namespace ossian {
namespace {

void bound_embed(int file, int64_t offset, int64_t num_rows, nb::handle input_ids_, nb::handle out_) {
  const Array<const int32_t, 1> input_ids(input_ids_, "input_ids");
  const Array<float, 2> out(out_, "out");
  check_size(out, 0, input_ids.size(0), "the number of input_ids");
  const nb::gil_scoped_release release;
  embed({file, offset, num_rows, out.size(1)}, input_ids.data(), input_ids.size(0), out.data());
}

}  // namespace

void bind_embedding(nb::module_& m) {
  m.def("embed", bound_embed, nb::arg("file"), nb::arg("offset"), nb::arg("num_rows"), nb::arg("input_ids"),
        nb::arg("out"));
}

}  // namespace ossian
