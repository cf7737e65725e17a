#include "packed_views.h"

#include <memory>
#include <utility>

#include "arrays.h"

namespace ossian {

PackedView view(const PackedBytes& packed, nb::handle owner) {
  return PackedView(packed.data, {static_cast<size_t>(packed.size)}, owner);
}

PackedView view(PackedBytes packed) {
  const uint8_t* data = packed.data;
  const auto size = static_cast<size_t>(packed.size);
  const nb::capsule owner(new PackedBytes(std::move(packed)),
                          [](void* held) noexcept { delete static_cast<PackedBytes*>(held); });
  return PackedView(data, {size}, owner);
}

PackedBytes borrow(nb::handle array) {
  const auto held = std::make_shared<const Array<const uint8_t, 1>>(array, "packed");
  return {held->data(), held->size(0), held};
}

}  // namespace ossian
