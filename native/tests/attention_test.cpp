#include "attention.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "attention_reference.h"
#include "check.h"
#include "rope.h"
#include "thread_pool.h"

using namespace ossian;
using namespace ossian::test;

namespace {

constexpr uint16_t kNan = 0x7FC0;  // fills what no query may read; two are a NaN as well, for scales
constexpr KvFormat kFormats[] = {KvFormat::bf16, KvFormat::int16, KvFormat::int8};

struct Shape {
  int64_t num_heads = 8;
  int64_t num_kv_heads = 1;
  int64_t head_dim = 64;
  int64_t block_size = 32;
  int32_t sliding_window = 0;
  KvFormat format = KvFormat::bf16;

  Shape with(KvFormat other) const {
    Shape shape = *this;
    shape.format = other;
    return shape;
  }
};

// One sequence with its keys, values and queries for every position; chunks of it become batches.
struct Fixture {
  Fixture(const Shape& shape, int64_t num_tokens, uint32_t seed)
      : shape(shape),
        num_tokens(num_tokens),
        max_num_blocks((num_tokens + shape.block_size - 1) / shape.block_size),
        qkv(random_floats(num_tokens * (shape.num_heads + 2 * shape.num_kv_heads) * shape.head_dim, seed, 1.5F)),
        sinks(random_floats(shape.num_heads, seed + 1)),
        keys((max_num_blocks + 3) * shape.num_kv_heads * cache().head_items() * item_bytes(shape.format) / 2, kNan),
        values(keys.size(), kNan),
        table(max_num_blocks + 3) {
    std::iota(table.begin(), table.end(), 0);
    std::shuffle(table.begin(), table.end(), std::mt19937(seed + 2));
    table.resize(max_num_blocks);
    store();
  }

  KvCache cache() {
    return {keys.data(),    values.data(),    max_num_blocks + 3, shape.num_kv_heads,
            shape.head_dim, shape.block_size, shape.format};
  }

  // Through rope_and_store_kv, without a rotation.
  void store() {
    const std::vector<float> inv_freq(shape.head_dim / 2, 0.0F);
    const std::vector<int32_t> positions(num_tokens, 0);
    std::vector<int64_t> slots;
    for (int64_t t = 0; t < num_tokens; ++t) {
      slots.push_back(table[t / shape.block_size] * shape.block_size + t % shape.block_size);
    }
    rope_and_store_kv(
        {qkv.data(), num_tokens, shape.num_heads, positions.data(), inv_freq.data(), 1.0F, slots.data(), cache()});
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

  // In fixed point a query has 13 bits, fewer where head_dim is large, and so has a weight.
  double tolerance() const {
    const double of_dim = shape.format == KvFormat::bf16 ? 8e-7 : shape.head_dim > 128 ? 5e-3 : 6e-4;
    return of_dim * std::sqrt(static_cast<double>(shape.head_dim));
  }

  void check_against_reference(int64_t begin, int64_t end) { check_against_reference(begin, end, tolerance()); }
  void check_against_reference(int64_t begin, int64_t end, double tolerance) {
    const std::vector<float> out = run(begin, end);
    const std::vector<int32_t> cu{0, static_cast<int32_t>(end - begin)};
    const std::vector<int32_t> lens{static_cast<int32_t>(end)};
    std::vector<float> unused;
    const std::vector<double> expected = reference::paged_attention(batch(begin, cu, lens, unused));
    double worst = 0.0;
    for (size_t i = 0; i < out.size(); ++i) worst = std::max(worst, std::abs(out[i] - expected[i]));
    CHECK(worst <= tolerance);
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
  for (const KvFormat format : kFormats) {
    for (const Shape& shape : shapes) {
      Fixture fixture(shape.with(format), 150, 11);
      fixture.check_against_reference(0, 150);
      fixture.check_against_reference(149, 150);
      fixture.check_against_reference(60, 69);
    }
  }
}

TEST(attention_equals_reference_at_prompt_lengths_around_blocks_and_windows) {
  for (const KvFormat format : {KvFormat::bf16, KvFormat::int16}) {
    for (const int32_t window : {0, 127, 128, 129}) {
      for (const int64_t length : {1, 63, 64, 65, 127, 128, 129, 257}) {
        Fixture fixture({8, 1, 32, 32, window, format}, length, 12);
        fixture.check_against_reference(0, length);
        fixture.check_against_reference(length - 1, length);
      }
    }
  }
}

TEST(attention_equals_reference_far_into_a_context) {
  for (const KvFormat format : kFormats) {
    for (const int32_t window : {0, 128}) {
      Fixture fixture({8, 1, 64, 32, window, format}, 5003, 13);
      fixture.check_against_reference(5000, 5003);
      fixture.check_against_reference(4095, 4098);
    }
  }
}

TEST(attention_does_not_depend_on_chunks_threads_or_the_instruction_set) {
  const Isa isa = current_isa();
  const Shape shapes[] = {Shape{},
                          Shape{16, 2, 64, 16, 128},
                          Shape{7, 1, 48, 80, 40},
                          Shape{8, 1, 64, 32, 0, KvFormat::int16},
                          Shape{16, 2, 64, 16, 128, KvFormat::int16},
                          Shape{11, 1, 48, 80, 40, KvFormat::int16},
                          Shape{8, 1, 64, 32, 0, KvFormat::int8}};
  for (const Shape& shape : shapes) {
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

TEST(attention_over_several_partitions_does_not_depend_on_who_computes_them) {
  for (const int32_t window : {0, 128, 700}) {
    Fixture fixture({8, 1, 32, 32, window, KvFormat::int16}, 1600, 19);
    set_num_threads(1);  // partition after partition
    const std::vector<float> last = fixture.run(1590, 1600);
    set_num_threads(7);  // a thread for each
    CHECK_SAME(fixture.run(1590, 1600), last);
    CHECK_SAME(fixture.run(1599, 1600), std::vector<float>(last.end() - 8 * 32, last.end()));
    set_num_threads(0);
  }
}

TEST(attention_does_not_depend_on_the_sequences_beside) {
  for (const KvFormat format : {KvFormat::bf16, KvFormat::int16}) {
    Fixture fixture({8, 2, 64, 32, 0, format}, 200, 15);
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
}

TEST(attention_takes_extreme_sinks) {
  for (const KvFormat format : kFormats) {
    Fixture fixture({8, 1, 64, 32, 0, format}, 70, 16);
    std::fill(fixture.sinks.begin(), fixture.sinks.end(), -INFINITY);
    fixture.check_against_reference(0, 70);
    for (const float sink : {1e4F, 3e38F, INFINITY}) {
      std::fill(fixture.sinks.begin(), fixture.sinks.end(), sink);
      const std::vector<float> out = fixture.run(0, 70);
      CHECK(std::ranges::all_of(out, [](float value) { return value == 0.0F; }));
    }
  }
}

TEST(fixed_attention_takes_values_of_very_different_sizes) {
  for (const KvFormat format : {KvFormat::int16, KvFormat::int8}) {
    Fixture fixture({8, 1, 64, 32, 0, format}, 200, 20);
    const int64_t first_value = fixture.row_size() - 64;
    for (int64_t t = 0; t < 200; ++t) {
      const float size = std::ldexp(1.0F, static_cast<int>(t % 40) - 30);  // 2^-30 to 2^9
      for (int64_t d = 0; d < 64; ++d) fixture.qkv[t * fixture.row_size() + first_value + d] *= size;
    }
    std::fill_n(fixture.qkv.begin() + 5 * fixture.row_size() + first_value, 64, 0.0F);
    fixture.store();
    for (int64_t end : {4, 6, 100}) {  // up to values of 2^-27, a token of zeros, up to 2^9
      const double scale = end == 100 ? 512.0 : end == 6 ? 0x1p-25 : 0x1p-27;
      fixture.check_against_reference(end - 1, end, 3e-4 * 8.0 * scale * 4.0);
    }
  }
}

TEST(fixed_attention_rounds_keys_and_values_to_half_a_step) {
  for (const KvFormat format : {KvFormat::int16, KvFormat::int8}) {
    Fixture fixture({1, 2, 48, 32, 0, format}, 70, 21);
    for (int64_t t = 0; t < 70; ++t) {
      for (int64_t head = 0; head < 2; ++head) {
        const float* k = fixture.qkv.data() + t * fixture.row_size() + (1 + head) * 48;
        const auto top = [&](const float* x) {
          return std::abs(*std::max_element(x, x + 48, [](float a, float b) { return std::abs(a) < std::abs(b); }));
        };
        const int64_t block = fixture.table[t / 32];
        for (int64_t d = 0; d < 48; ++d) {
          const double step = 1.0 / max_fixed(format);
          CHECK(std::abs(reference::key_at(fixture.cache(), block, head, t % 32, d) - k[d]) <= 0.51 * step * top(k));
          const float* v = k + 2 * 48;
          CHECK(std::abs(reference::value_at(fixture.cache(), block, head, t % 32, d) - v[d]) <= 0.51 * step * top(v));
        }
      }
    }
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
