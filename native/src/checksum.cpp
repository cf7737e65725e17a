#include "checksum.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "thread_pool.h"

namespace ossian {
namespace {

static_assert(std::endian::native == std::endian::little, "checksums are of little-endian words");

constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;  // 2^64 / the golden ratio
constexpr int kLanes = 8;                      // so many multiplications hide each other's latency
constexpr int64_t kRowBytes = kLanes * 8;
constexpr int64_t kSegmentBytes = int64_t{1} << 20;

// One to one in `state` for any `word`, and in `word` for any `state`: a difference never vanishes in later steps.
uint64_t mix(uint64_t state, uint64_t word) { return std::rotl((state ^ word) * kOdd, 29); }

void mix_row(uint64_t (&lanes)[kLanes], const uint8_t* row) {
  for (int lane = 0; lane < kLanes; ++lane) {
    uint64_t word;
    std::memcpy(&word, row + lane * 8, 8);
    lanes[lane] = mix(lanes[lane], word);
  }
}

uint64_t segment_checksum(const uint8_t* data, int64_t size) {
  uint64_t lanes[kLanes] = {1, 2, 3, 4, 5, 6, 7, 8};
  const int64_t num_rows = size / kRowBytes;
  for (int64_t row = 0; row < num_rows; ++row) mix_row(lanes, data + row * kRowBytes);
  uint8_t rest[kRowBytes] = {};
  if (size % kRowBytes != 0) {
    std::memcpy(rest, data + num_rows * kRowBytes, size % kRowBytes);
    mix_row(lanes, rest);
  }
  uint64_t sum = static_cast<uint64_t>(size);
  for (const uint64_t lane : lanes) sum = mix(sum, lane);
  return sum;
}

}  // namespace

uint64_t checksum(const uint8_t* data, int64_t size) {
  std::vector<uint64_t> segments((size + kSegmentBytes - 1) / kSegmentBytes);
  parallel_for(static_cast<int64_t>(segments.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t start = i * kSegmentBytes;
      segments[i] = segment_checksum(data + start, std::min(kSegmentBytes, size - start));
    }
  });
  uint64_t sum = kOdd;
  for (const uint64_t segment : segments) sum = mix(sum, segment);
  return sum;
}

}  // namespace ossian
