// What a file of packed weights needs to know of them.
#include <nanobind/nanobind.h>

#include "arrays.h"
#include "checksum.h"
#include "panel.h"
#include "topics.h"

namespace ossian {
namespace {

uint64_t bound_checksum(nb::handle data_) {
  const Array<const uint8_t, 1> data(data_, "data");
  const nb::gil_scoped_release release;
  return checksum(data.data(), data.size(0));
}

}  // namespace

void bind_packed(nb::module_& m) {
  m.attr("PACK_VERSION") = kPackVersion;
  m.def("checksum", bound_checksum, nb::arg("data"));
}

}  // namespace ossian
