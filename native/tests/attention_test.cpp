#include "attention.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "attention_reference.h"
#include "check.h"
#include "thread_pool.h"

using namespace ossian;
using namespace ossian::test;

namespace {

constexpr uint16_t kNan = 0x7FC0;  // fills what no query may read

struct Shape {
  int64_t num_heads = 8;
  int64_t num_kv_heads = 1;
  int64_t head_dim = 64;
  int64_t block_size = 32;
  int32_t sliding_window = 0;
};

// One sequence with its keys, values and queries for every position; chunks of it become batches.
struct Fixture {
  Fixture(const Shape& shape, int64_t num_tokens, uint32_t seed)
      : shape(shape),
        num_tokens(num_tokens),
        max_num_blocks((num_tokens + shape.block_size - 1) / shape.block_size),
        qkv(random_floats(num_tokens * (shape.num_heads + 2 * shape.num_kv_heads) * shape.head_dim, seed, 1.5F)),
        sinks(random_floats(shape.num_heads, seed + 1)),
        keys((max_num_blocks + 3) * shape.num_kv_heads * shape.head_dim * shape.block_size, kNan),
        values(keys.size(), kNan),
        table(max_num_blocks + 3) {
    std::iota(table.begin(), table.end(), 0);
    std::shuffle(table.begin(), table.end(), std::mt19937(seed + 2));
    table.resize(max_num_blocks);
    for (int64_t t = 0; t < num_tokens; ++t) store(t);
  }

  KvCache cache() {
    return {keys.data(), values.data(), max_num_blocks + 3, shape.num_kv_heads, shape.head_dim, shape.block_size};
  }

  void store(int64_t t) {
    const int64_t width = shape.num_kv_heads * shape.head_dim;
    const float* k = qkv.data() + t * row_size() + shape.num_heads * shape.head_dim;
    const int64_t offset = t % shape.block_size;
    for (int64_t i = 0; i < width; ++i) {
      const int64_t head = i / shape.head_dim;
      const int64_t d = i % shape.head_dim;
      cache().key_block(table[t / shape.block_size], head)[d * shape.block_size + offset] = reference::to_bf16(k[i]);
      cache().value_block(table[t / shape.block_size], head)[offset * shape.head_dim + d] =
          reference::to_bf16(k[width + i]);
    }
  }

  int64_t row_size() const { return (shape.num_heads + 2 * shape.num_kv_heads) * shape.head_dim; }

  // The outputs of tokens [begin, end), computed in one call.
  std::vector<float> run(int64_t begin, int64_t end) {
    const std::vector<int32_t> cu{0, static_cast<int32_t>(end - begin)};
    const std::vector<int32_t> lens{static_cast<int32_t>(end)};
    std::vector<float> out((end - begin) * shape.num_heads * shape.head_dim, NAN);
    paged_attention(batch(begin, cu, lens, out));
    return out;
  }

  AttentionBatch batch(int64_t begin, const std::vector<int32_t>& cu, const std::vector<int32_t>& lens,
                       std::vector<float>& out) {
    return {.qkv = qkv.data() + begin * row_size(),
            .num_tokens = cu.back(),
            .num_attention_heads = shape.num_heads,
            .cache = cache(),
            .block_tables = table.data(),
            .max_num_blocks = max_num_blocks,
            .cu_seqlens_q = cu,
            .context_lens = lens,
            .sinks = sinks.data(),
            .sliding_window = shape.sliding_window,
            .out = out.data()};
  }

  void check_against_reference(int64_t begin, int64_t end) {
    const std::vector<float> out = run(begin, end);
    const std::vector<int32_t> cu{0, static_cast<int32_t>(end - begin)};
    const std::vector<int32_t> lens{static_cast<int32_t>(end)};
    std::vector<float> unused;
    const std::vector<double> expected = reference::paged_attention(batch(begin, cu, lens, unused));
    double worst = 0.0;
    for (size_t i = 0; i < out.size(); ++i) worst = std::max(worst, std::abs(out[i] - expected[i]));
    CHECK(worst <= 8e-7 * std::sqrt(static_cast<double>(shape.head_dim)));
    CHECK(std::none_of(out.begin(), out.end(), [](float value) { return std::isnan(value); }));
  }

  Shape shape;
  int64_t num_tokens;
  int64_t max_num_blocks;
  std::vector<float> qkv;
  std::vector<float> sinks;
  std::vector<uint16_t> keys;
  std::vector<uint16_t> values;
  std::vector<int32_t> table;
};

}  // namespace

TEST(attention_equals_reference_over_shapes) {
  const Shape shapes[] = {
      {8, 1, 64, 32, 0},   {16, 2, 64, 32, 128}, {1, 1, 16, 16, 0},  {3, 1, 32, 16, 20},  {7, 1, 48, 48, 0},
      {20, 1, 64, 64, 33}, {6, 2, 80, 128, 0},   {5, 1, 16, 80, 40}, {12, 1, 128, 16, 1}, {2, 2, 512, 32, 0},
  };
  for (const Shape& shape : shapes) {
    Fixture fixture(shape, 150, 11);
    fixture.check_against_reference(0, 150);
    fixture.check_against_reference(149, 150);
    fixture.check_against_reference(60, 69);
  }
}

TEST(attention_equals_reference_at_prompt_lengths_around_blocks_and_windows) {
  for (const int32_t window : {0, 127, 128, 129}) {
    for (const int64_t length : {1, 63, 64, 65, 127, 128, 129, 257}) {
      Fixture fixture({8, 1, 32, 32, window}, length, 12);
      fixture.check_against_reference(0, length);
      fixture.check_against_reference(length - 1, length);
    }
  }
}

TEST(attention_equals_reference_far_into_a_context) {
  for (const int32_t window : {0, 128}) {
    Fixture fixture({8, 1, 64, 32, window}, 5003, 13);
    fixture.check_against_reference(5000, 5003);
    fixture.check_against_reference(4095, 4098);
  }
}

TEST(attention_does_not_depend_on_chunks_threads_or_the_instruction_set) {
  const Isa isa = current_isa();
  for (const Shape& shape : {Shape{}, Shape{16, 2, 64, 16, 128}, Shape{7, 1, 48, 80, 40}}) {
    Fixture fixture(shape, 300, 14);
    const std::vector<float> whole = fixture.run(0, 300);
    for (const int64_t chunk : {1, 7, 64, 129}) {
      std::vector<float> joined;
      for (int64_t begin = 0; begin < 300; begin += chunk) {
        const std::vector<float> part = fixture.run(begin, std::min<int64_t>(300, begin + chunk));
        joined.insert(joined.end(), part.begin(), part.end());
      }
      CHECK_SAME(joined, whole);
    }
    for (const int num_threads : {1, 2, 3}) {
      set_num_threads(num_threads);
      CHECK_SAME(fixture.run(0, 300), whole);
    }
    set_num_threads(0);
    set_isa(Isa::scalar);
    CHECK_SAME(fixture.run(0, 300), whole);
    set_isa(isa);
  }
}

TEST(attention_does_not_depend_on_the_sequences_beside) {
  Fixture fixture({8, 2, 64, 32, 0}, 200, 15);
  // The same sequence thrice: tokens [40, 100), then [0, 40) beside a chunk without tokens.
  const std::vector<int32_t> cu{0, 40, 40, 100};
  const std::vector<int32_t> lens{40, 77, 100};
  std::vector<int32_t> tables;
  for (int i = 0; i < 3; ++i) tables.insert(tables.end(), fixture.table.begin(), fixture.table.end());
  std::vector<float> out(100 * 8 * 64, NAN);
  AttentionBatch batch = fixture.batch(0, cu, lens, out);
  batch.block_tables = tables.data();
  paged_attention(batch);
  CHECK_SAME(out, fixture.run(0, 100));
}

TEST(attention_takes_extreme_sinks) {
  Fixture fixture({8, 1, 64, 32, 0}, 70, 16);
  std::fill(fixture.sinks.begin(), fixture.sinks.end(), -INFINITY);
  fixture.check_against_reference(0, 70);
  for (const float sink : {1e4F, 3e38F, INFINITY}) {
    std::fill(fixture.sinks.begin(), fixture.sinks.end(), sink);
    CHECK_SAME(fixture.run(0, 70), std::vector<float>(70 * 8 * 64, 0.0F));
  }
}

TEST(attention_reads_no_block_before_the_window) {
  Fixture fixture({8, 1, 64, 32, 40}, 200, 17);
  const std::vector<float> expected = fixture.run(190, 200);
  fixture.table[0] = fixture.table[1] = fixture.table[2] = fixture.table[3] = -1;  // 190 - 39 = 151 is in block 4
  CHECK_SAME(fixture.run(190, 200), expected);
}

TEST(attention_rejects_what_does_not_fit_together) {
  Fixture fixture({8, 1, 64, 32, 0}, 100, 18);
  std::vector<float> out(100 * 8 * 64);
  const auto rejects = [&](const std::vector<int32_t>& cu, const std::vector<int32_t>& lens, const char* part) {
    return throws<std::invalid_argument>(
        [&] {
          AttentionBatch batch = fixture.batch(0, cu, lens, out);
          batch.num_tokens = 10;
          paged_attention(batch);
        },
        part);
  };
  CHECK(rejects({0, 11}, {11}, "cu_seqlens_q"));
  CHECK(rejects({1, 10}, {11}, "cu_seqlens_q"));
  CHECK(rejects({0, 12, 10}, {12, 12}, "cu_seqlens_q"));
  CHECK(rejects({0, 10}, {9}, "context_lens[0]"));
  CHECK(rejects({0, 10}, {129}, "context_lens[0]"));
  for (const int32_t block : {-1, 7}) {
    fixture.table[1] = block;
    CHECK(rejects({0, 10}, {64}, "block_tables[0][1]"));
  }
}
