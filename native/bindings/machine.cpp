// The instruction set, the CPU's features and the thread pool.
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "isa.h"
#include "measure.h"
#include "thread_pool.h"
#include "topics.h"

namespace ossian {

namespace nb = nanobind;

void bind_machine(nb::module_& m) {
  m.def("isa", [] { return std::string(name_of(current_isa())); });
  m.def("set_isa", [](const std::string& name) { set_isa(name); }, nb::arg("name"));
  m.def("supported_isas", [] {
    std::vector<std::string> names;
    for (Isa isa : kAllIsas) {
      if (is_supported(isa)) names.emplace_back(name_of(isa));
    }
    return names;
  });
  m.def("cpu_features", cpu_features);
  m.def("num_threads", num_threads, nb::call_guard<nb::gil_scoped_release>());
  m.def("set_num_threads", set_num_threads, nb::arg("num_threads"), nb::call_guard<nb::gil_scoped_release>());
  m.def("measure_read_bandwidth", measure_read_bandwidth, nb::arg("num_bytes"),
        nb::call_guard<nb::gil_scoped_release>());
  m.def("measure_int8_peak", measure_int8_peak, nb::call_guard<nb::gil_scoped_release>());
}

}  // namespace ossian
