// The bytes of a packed weight, and what keeps them alive: memory of our own, or a mapping that someone else owns.
#pragma once

#include <cstdint>
#include <memory>

#include "huge_buffer.h"

namespace ossian {

struct PackedBytes {
  const uint8_t* data = nullptr;
  int64_t size = 0;
  std::shared_ptr<const void> owner;
};

// Takes over a buffer that has been filled.
PackedBytes keep(HugeBuffer buffer);

// Throws std::invalid_argument unless there are `size` bytes, which begin on a cache line as the kernels expect.
void check_packed(const PackedBytes& packed, int64_t size);

}  // namespace ossian
