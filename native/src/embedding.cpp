#include "embedding.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "thread_pool.h"

namespace ossian {
namespace {

constexpr int64_t kTokensPerChunk = 4;

void check_ids(const int32_t* ids, int64_t num_tokens, int64_t num_rows) {
  for (int64_t t = 0; t < num_tokens; ++t) {
    if (ids[t] < 0 || ids[t] >= num_rows) {
      throw std::invalid_argument("input_ids[" + std::to_string(t) + "] is " + std::to_string(ids[t]) +
                                  "; it must be in [0, " + std::to_string(num_rows) + ")");
    }
  }
}

// Returns 0, or what errno says.
int read_fully(int file, int64_t offset, char* out, int64_t num_bytes) {
  while (num_bytes > 0) {
    const ssize_t num_read = pread(file, out, num_bytes, offset);
    if (num_read < 0 && errno == EINTR) continue;
    if (num_read <= 0) return num_read < 0 ? errno : EIO;  // the file is shorter than it was
    offset += num_read;
    out += num_read;
    num_bytes -= num_read;
  }
  return 0;
}

}  // namespace

void embed(const TableInFile& table, const int32_t* ids, int64_t num_tokens, float* out) {
  check_ids(ids, num_tokens, table.num_rows);
  const EmbeddingKernels& kernels = OSSIAN_SELECT(embedding_kernels);
  const int64_t row_bytes = table.size * static_cast<int64_t>(sizeof(uint16_t));
  std::vector<uint16_t> rows(num_tokens * table.size);
  std::atomic<int> failure = 0;
  parallel_for(num_tokens, kTokensPerChunk, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      uint16_t* row = rows.data() + t * table.size;
      const int error =
          read_fully(table.file, table.offset + ids[t] * row_bytes, reinterpret_cast<char*>(row), row_bytes);
      if (error != 0) failure = error;
      kernels.widen_bf16(row, table.size, out + t * table.size);
    }
  });
  if (failure != 0) throw std::system_error(failure, std::generic_category(), "the embedding cannot be read");
}

}  // namespace ossian
