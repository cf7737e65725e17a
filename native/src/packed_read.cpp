#include "packed_read.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "checksum.h"
#include "thread_pool.h"

namespace ossian {
namespace {

constexpr int64_t kSegmentsPerChunk = 2;  // a huge page: one thread touches it first

// 0, or the error.
int read_fully(int file, uint8_t* out, int64_t size, int64_t offset) {
  while (size > 0) {
    const ssize_t num_read = pread(file, out, static_cast<size_t>(size), offset);
    if (num_read < 0 && errno == EINTR) continue;
    if (num_read < 0) return errno;
    if (num_read == 0) return ENODATA;
    out += num_read;
    size -= num_read;
    offset += num_read;
  }
  return 0;
}

}  // namespace

PackedRead read_packed(int file, int64_t offset, int64_t size) {
  HugeBuffer buffer(size);
  std::vector<uint64_t> segments((size + kSegmentBytes - 1) / kSegmentBytes);
  std::atomic<int> error{0};
  parallel_for(static_cast<int64_t>(segments.size()), kSegmentsPerChunk, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end && error == 0; ++i) {
      const int64_t start = i * kSegmentBytes;
      const int64_t num_bytes = std::min(kSegmentBytes, size - start);
      if (const int failed = read_fully(file, buffer.data() + start, num_bytes, offset + start)) error = failed;
      segments[i] = segment_checksum(buffer.data() + start, num_bytes);
    }
  });
  if (error != 0) throw std::system_error(error, std::generic_category());
  return {keep(std::move(buffer)), joined_checksum(segments)};
}

}  // namespace ossian
