#include "rope.h"

#include <stdexcept>

#include "check.h"
#include "lanes_reference.h"
#include "rope_reference.h"
#include "thread_pool.h"

using namespace ossian;
using namespace ossian::test;

namespace {

struct Case {
  int64_t num_heads;
  int64_t num_kv_heads;
  int64_t head_dim;
  int64_t block_size;
  int64_t num_tokens;
};

struct Result {
  std::vector<float> qkv;
  std::vector<uint16_t> keys;
  std::vector<uint16_t> values;
};

std::vector<float> inv_freq_of(int64_t head_dim) {
  std::vector<float> inv_freq;
  for (int64_t i = 0; i < head_dim / 2; ++i)
    inv_freq.push_back(static_cast<float>(std::pow(150000.0, -2.0 * static_cast<double>(i) / head_dim)));
  return inv_freq;
}

// Token t goes to the t-th slot from the end, so blocks are filled from two sides.
Result run(const Case& c, const std::vector<float>& qkv, const std::vector<int32_t>& positions) {
  const int64_t num_blocks = c.num_tokens / c.block_size + 2;
  const size_t cache_size = num_blocks * c.num_kv_heads * c.head_dim * c.block_size;
  Result result{qkv, std::vector<uint16_t>(cache_size), std::vector<uint16_t>(cache_size)};
  std::vector<int64_t> slots;
  for (int64_t t = 0; t < c.num_tokens; ++t) slots.push_back(num_blocks * c.block_size - 1 - t);
  const std::vector<float> inv_freq = inv_freq_of(c.head_dim);
  rope_and_store_kv({result.qkv.data(),
                     c.num_tokens,
                     c.num_heads,
                     positions.data(),
                     inv_freq.data(),
                     1.25F,
                     slots.data(),
                     {result.keys.data(), result.values.data(), num_blocks, c.num_kv_heads, c.head_dim, c.block_size}});
  return result;
}

constexpr Case kCases[] = {{1, 1, 16, 16, 1}, {8, 2, 64, 32, 37}, {3, 1, 48, 16, 20}, {4, 4, 80, 48, 50}};

std::vector<int32_t> far_positions(int64_t num_tokens) {
  std::vector<int32_t> positions;
  for (int64_t t = 0; t < num_tokens; ++t) positions.push_back(static_cast<int32_t>(t * 131071 / num_tokens));
  return positions;
}

std::vector<float> random_qkv(const Case& c) {
  return random_floats(c.num_tokens * (c.num_heads + 2 * c.num_kv_heads) * c.head_dim, 7);
}

}  // namespace

TEST(rope_rotates_like_the_reference) {
  for (const Case& c : kCases) {
    const std::vector<float> qkv = random_qkv(c);
    const std::vector<int32_t> positions = far_positions(c.num_tokens);
    const Result result = run(c, qkv, positions);
    const int64_t num_rows = c.num_heads + 2 * c.num_kv_heads;
    for (int64_t row = 0; row < c.num_tokens * num_rows; ++row) {
      std::vector<double> expected(qkv.begin() + row * c.head_dim, qkv.begin() + (row + 1) * c.head_dim);
      if (row % num_rows < c.num_heads + c.num_kv_heads)
        reference::rotate_head(expected.data(), c.head_dim, positions[row / num_rows], inv_freq_of(c.head_dim).data(),
                               1.25);
      for (int64_t d = 0; d < c.head_dim; ++d)
        CHECK(std::abs(result.qkv[row * c.head_dim + d] - expected[d]) <= 2e-6 * (1.0 + std::abs(expected[d])));
    }
  }
}

TEST(rope_stores_rounded_keys_and_values_in_their_slots) {
  for (const Case& c : kCases) {
    const Result result = run(c, random_qkv(c), far_positions(c.num_tokens));
    const int64_t num_slots = (c.num_tokens / c.block_size + 2) * c.block_size;
    std::vector<uint16_t> keys(result.keys.size());
    std::vector<uint16_t> values(result.values.size());
    for (int64_t t = 0; t < c.num_tokens; ++t) {
      const int64_t block = (num_slots - 1 - t) / c.block_size;
      const int64_t offset = (num_slots - 1 - t) % c.block_size;
      for (int64_t head = 0; head < c.num_kv_heads; ++head) {
        const float* k = result.qkv.data() + (t * (c.num_heads + 2 * c.num_kv_heads) + c.num_heads + head) * c.head_dim;
        const float* v = k + c.num_kv_heads * c.head_dim;
        const int64_t start = (block * c.num_kv_heads + head) * c.head_dim * c.block_size;
        for (int64_t d = 0; d < c.head_dim; ++d) {
          keys[start + d * c.block_size + offset] = reference::to_bf16(k[d]);
          values[start + offset * c.head_dim + d] = reference::to_bf16(v[d]);
        }
      }
    }
    CHECK_SAME(result.keys, keys);  // the slots of no token included: they stay as they were
    CHECK_SAME(result.values, values);
  }
}

TEST(rope_rounds_ties_to_even) {
  const Case c{1, 1, 16, 16, 1};
  std::vector<float> qkv(3 * 16);
  qkv[32] = 0x1.01p0F;   // halfway between 0x3f80 and 0x3f81
  qkv[33] = -0x1.03p0F;  // between 0xbf81 and 0xbf82
  qkv[34] = NAN;
  const Result result = run(c, qkv, {0});
  const uint16_t* values = result.values.data() + (2 * 16 - 1) * 16;  // the last slot
  CHECK(values[0] == 0x3f80);
  CHECK(values[1] == 0xbf82);
  CHECK((values[2] & 0x7fff) > 0x7f80);
}

TEST(rope_does_not_depend_on_the_instruction_set_or_the_threads) {
  const Isa isa = current_isa();
  for (const Case& c : kCases) {
    const Result result = run(c, random_qkv(c), far_positions(c.num_tokens));
    set_isa(Isa::scalar);
    set_num_threads(1);
    const Result expected = run(c, random_qkv(c), far_positions(c.num_tokens));
    set_num_threads(0);
    set_isa(isa);
    CHECK_SAME(result.qkv, expected.qkv);
    CHECK_SAME(result.keys, expected.keys);
  }
}

TEST(rope_rejects_slots_outside_the_cache) {
  std::vector<float> qkv(3 * 16);
  std::vector<uint16_t> cache(16 * 16);
  const std::vector<float> inv_freq(8);
  const int32_t position = 0;
  for (const int64_t slot : {-1, 16}) {
    CHECK(throws<std::invalid_argument>(
        [&] {
          rope_and_store_kv(
              {qkv.data(), 1, 1, &position, inv_freq.data(), 1.0F, &slot, {cache.data(), cache.data(), 1, 1, 16, 16}});
        },
        "slot_mapping[0]"));
  }
}
