#include "checksum.h"

#include <set>

#include "check.h"
#include "thread_pool.h"

using namespace ossian;
using namespace ossian::test;

namespace {

uint64_t sum(const std::vector<uint8_t>& bytes) { return checksum(bytes.data(), static_cast<int64_t>(bytes.size())); }

constexpr size_t kSegment = size_t{1} << 20;

}  // namespace

TEST(checksum_is_the_same_for_ever) {
  std::vector<uint8_t> counting(kSegment + 77);  // files keep it: whoever changes it raises their version
  for (size_t i = 0; i < counting.size(); ++i) counting[i] = static_cast<uint8_t>(i % 251);
  CHECK(sum(counting) == 0x4c6b294ba384b4b);
  counting.resize(200);
  CHECK(sum(counting) == 0xb394052268595860);
  CHECK(sum({}) == 0x9e3779b97f4a7c15);
}

TEST(checksum_sees_every_changed_bit) {
  for (const size_t size : {size_t{1}, size_t{63}, size_t{64}, size_t{200}, kSegment + 9}) {
    std::vector<uint8_t> bytes = random_bytes(size, 2);
    const uint64_t whole = sum(bytes);
    const size_t step = size < 1000 ? 1 : 8191;
    for (size_t i = 0; i < size; i += step) {
      for (int bit = 0; bit < 8; ++bit) {
        bytes[i] ^= static_cast<uint8_t>(1 << bit);
        CHECK(sum(bytes) != whole);
        bytes[i] ^= static_cast<uint8_t>(1 << bit);
      }
    }
  }
}

TEST(checksum_sees_the_highest_bits_of_many_words) {
  std::vector<uint8_t> bytes = random_bytes(4096, 3);
  std::set<uint64_t> seen = {sum(bytes)};
  for (size_t i = 7; i < bytes.size(); i += 64) {  // all in one lane
    bytes[i] ^= 0x80;
    seen.insert(sum(bytes));
  }
  CHECK(seen.size() == 1 + 4096 / 64);
}

TEST(checksum_sees_length_order_and_zeros) {
  std::set<uint64_t> seen;
  for (size_t size = 0; size < 300; ++size) seen.insert(sum(std::vector<uint8_t>(size)));
  CHECK(seen.size() == 300);
  const std::vector<uint8_t> first = random_bytes(kSegment, 4), second = random_bytes(kSegment, 5);
  std::vector<uint8_t> one = first, other = second;
  one.insert(one.end(), second.begin(), second.end());
  other.insert(other.end(), first.begin(), first.end());
  CHECK(sum(one) != sum(other));
}

TEST(checksum_does_not_depend_on_threads_or_alignment) {
  const std::vector<uint8_t> bytes = random_bytes(5 * kSegment + 3, 6);
  std::vector<uint8_t> shifted(bytes.size() + 1);
  std::copy(bytes.begin(), bytes.end(), shifted.begin() + 1);
  const uint64_t expected = sum(bytes);
  for (const int threads : {1, 3}) {
    set_num_threads(threads);
    CHECK(sum(bytes) == expected);
    CHECK(checksum(shifted.data() + 1, static_cast<int64_t>(bytes.size())) == expected);
  }
  set_num_threads(0);
}
