#include "packed_read.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

#include "check.h"
#include "checksum.h"
#include "thread_pool.h"

using namespace ossian;
using namespace ossian::test;

namespace {

// A temporary file without a name.
class File {
 public:
  explicit File(const std::vector<uint8_t>& content) {
    CHECK(std::fwrite(content.data(), 1, content.size(), file_.get()) == content.size());
    std::fflush(file_.get());
  }
  int descriptor() const { return fileno(file_.get()); }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_{std::tmpfile()};
};

std::vector<uint8_t> content_of(const PackedBytes& bytes) { return {bytes.data, bytes.data + bytes.size}; }

int error_of(int file, int64_t offset, int64_t size) {
  try {
    read_packed(file, offset, size);
  } catch (const std::system_error& error) {
    return error.code().value();
  }
  return 0;
}

}  // namespace

TEST(read_packed_gives_the_bytes_and_their_checksum) {
  const std::vector<uint8_t> content = random_bytes(3 * kSegmentBytes + 777, 1);
  const File file(content);
  for (const int threads : {1, 3}) {
    set_num_threads(threads);
    for (const auto& [offset, size] : {std::pair{int64_t{0}, std::ssize(content)}, {4096, 2 * kSegmentBytes}, {5, 1}}) {
      const PackedRead read = read_packed(file.descriptor(), offset, size);
      const std::vector<uint8_t> expected(content.begin() + offset, content.begin() + offset + size);
      CHECK_SAME(content_of(read.bytes), expected);
      CHECK(read.checksum == checksum(expected.data(), size));
      CHECK(reinterpret_cast<uintptr_t>(read.bytes.data) % 4096 == 0);
    }
  }
  set_num_threads(0);
}

TEST(read_packed_tells_why_it_cannot) {
  const File file(random_bytes(1000, 2));
  CHECK(error_of(file.descriptor(), 0, 1000) == 0);
  CHECK(error_of(file.descriptor(), 0, 1001) == ENODATA);
  CHECK(error_of(file.descriptor(), 5 * kSegmentBytes, 5 * kSegmentBytes) == ENODATA);
  CHECK(error_of(-1, 0, 1000) == EBADF);
}
