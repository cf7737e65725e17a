// A checksum that keeps up with memory: it finds damage; it is no protection from forgery.
#pragma once

#include <cstdint>

namespace ossian {

// 64 bits over `size` bytes; the same on every machine and with any number of threads. A change within one aligned word
// of 8 bytes always changes it, and any other change with a probability of all but 2^-64.
uint64_t checksum(const uint8_t* data, int64_t size);

}  // namespace ossian
