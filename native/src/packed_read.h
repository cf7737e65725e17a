// Packed weights from a file into memory of our own.
#pragma once

#include <cstdint>

#include "packed_bytes.h"

namespace ossian {

struct PackedRead {
  PackedBytes bytes;
  uint64_t checksum;
};

// Read `size` bytes of an open file, from `offset` on, into huge pages. All threads read, each piece is summed while it
// is in the processor's cache. Throws std::system_error when the file cannot be read or ends before.
PackedRead read_packed(int file, int64_t offset, int64_t size);

}  // namespace ossian
