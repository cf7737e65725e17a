// What a file of packed weights needs to know of them.
#include <nanobind/nanobind.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "arrays.h"
#include "checksum.h"
#include "packed_read.h"
#include "packed_views.h"
#include "panel.h"
#include "topics.h"

namespace ossian {
namespace {

uint64_t bound_checksum(nb::handle data_) {
  const Array<const uint8_t, 1> data(data_, "data");
  const nb::gil_scoped_release release;
  return checksum(data.data(), data.size(0));
}

// Returns the bytes and their checksum; raises OSError.
nb::tuple bound_read_packed(int file, int64_t offset, int64_t num_bytes) {
  PackedRead read;
  try {
    const nb::gil_scoped_release release;
    read = read_packed(file, offset, num_bytes);
  } catch (const std::system_error& error) {
    errno = error.code().value();
    PyErr_SetFromErrno(PyExc_OSError);
    throw nb::python_error();
  }
  return nb::make_tuple(view(std::move(read.bytes)), read.checksum);
}

}  // namespace

void bind_packed(nb::module_& m) {
  m.attr("PACK_VERSION") = kPackVersion;
  m.def("read_packed", bound_read_packed, nb::arg("file"), nb::arg("offset"), nb::arg("num_bytes"));
  m.def("checksum", bound_checksum, nb::arg("data"));
}

}  // namespace ossian
