#include "packed_bytes.h"

#include <stdexcept>
#include <string>
#include <utility>

namespace ossian {

PackedBytes keep(HugeBuffer buffer) {
  const auto owner = std::make_shared<const HugeBuffer>(std::move(buffer));
  return {owner->data(), static_cast<int64_t>(owner->size()), owner};
}

void check_packed(const PackedBytes& packed, int64_t size) {
  if (packed.size != size) {
    throw std::invalid_argument("packed has " + std::to_string(packed.size) + " bytes; it must have " +
                                std::to_string(size) + " for these sizes");
  }
  if (reinterpret_cast<uintptr_t>(packed.data) % 64 != 0) {
    throw std::invalid_argument("packed must be aligned to 64 bytes");
  }
}

}  // namespace ossian
