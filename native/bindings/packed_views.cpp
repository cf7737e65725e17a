#include "packed_views.h"

#include <memory>

#include "arrays.h"

namespace ossian {

PackedView view(const PackedBytes& packed, nb::handle owner) {
  return PackedView(packed.data, {static_cast<size_t>(packed.size)}, owner);
}

PackedBytes borrow(nb::handle array) {
  const auto held = std::make_shared<const Array<const uint8_t, 1>>(array, "packed");
  return {held->data(), held->size(0), held};
}

}  // namespace ossian
