// Packed weights as read-only uint8 arrays, and back, without a copy.
#pragma once

#include <nanobind/ndarray.h>

#include "packed_bytes.h"

namespace ossian {

namespace nb = nanobind;

using PackedView = nb::ndarray<nb::numpy, const uint8_t, nb::ndim<1>>;

// A view that keeps `owner`, the weight, alive.
PackedView view(const PackedBytes& packed, nb::handle owner);

// The bytes of a C-contiguous uint8 array, which stays alive with them. They must go with the GIL held, as the weights
// that Python owns do.
PackedBytes borrow(nb::handle array);

}  // namespace ossian
