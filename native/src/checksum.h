// A checksum that keeps up with memory: it finds damage; it is no protection from forgery.
#pragma once

#include <cstdint>
#include <span>

namespace ossian {

// 64 bits over `size` bytes; the same on every machine and with any number of threads. A change within one aligned word
// of 8 bytes always changes it, and any other change with a probability of all but 2^-64.
uint64_t checksum(const uint8_t* data, int64_t size);

// The same in parts, for who has the bytes one after the other: of each piece of kSegmentBytes (the last may be
// shorter), then of them together.
inline constexpr int64_t kSegmentBytes = int64_t{1} << 20;
uint64_t segment_checksum(const uint8_t* data, int64_t size);
uint64_t joined_checksum(std::span<const uint64_t> segments);

}  // namespace ossian
