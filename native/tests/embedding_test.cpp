#include "embedding.h"

#include <cstdio>
#include <stdexcept>
#include <system_error>

#include "check.h"
#include "lanes_reference.h"

using namespace ossian;
using namespace ossian::test;

namespace {

// A file that holds 3 bytes of something else and then the table.
struct TemporaryTable {
  explicit TemporaryTable(const std::vector<uint16_t>& table) {
    std::fputs("abc", file);
    std::fwrite(table.data(), sizeof(uint16_t), table.size(), file);
    std::fflush(file);
  }
  TemporaryTable(const TemporaryTable&) = delete;
  TemporaryTable& operator=(const TemporaryTable&) = delete;
  ~TemporaryTable() { std::fclose(file); }

  TableInFile rows(int64_t num_rows, int64_t size) const { return {fileno(file), 3, num_rows, size}; }

  std::FILE* file = std::tmpfile();
};

}  // namespace

TEST(embed_widens_rows) {
  for (const int64_t size : {1, 16, 33, 96}) {
    std::vector<uint16_t> table;
    for (const float value : random_floats(5 * size, 5)) table.push_back(reference::to_bf16(value));
    const std::vector<int32_t> ids{4, 0, 4, 1, 2, 3, 0};
    std::vector<float> out(ids.size() * size);
    std::vector<float> expected;
    embed(TemporaryTable(table).rows(5, size), ids.data(), static_cast<int64_t>(ids.size()), out.data());
    for (const int32_t id : ids) {
      for (int64_t i = 0; i < size; ++i) expected.push_back(reference::from_bf16(table[id * size + i]));
    }
    CHECK_SAME(out, expected);
  }
}

TEST(embed_rejects_ids_outside_the_table) {
  const TemporaryTable table(std::vector<uint16_t>(5 * 16));
  std::vector<float> out(2 * 16);
  for (const int32_t bad : {-1, 5}) {
    const std::vector<int32_t> ids{0, bad};
    CHECK(throws<std::invalid_argument>([&] { embed(table.rows(5, 16), ids.data(), 2, out.data()); }, "input_ids[1]"));
  }
}

TEST(embed_says_when_the_file_ends_early) {
  const TemporaryTable table(std::vector<uint16_t>(5 * 16));
  std::vector<float> out(2 * 16);
  const std::vector<int32_t> ids{0, 5};
  CHECK(throws<std::system_error>([&] { embed(table.rows(6, 16), ids.data(), 2, out.data()); }, "cannot be read"));
}
