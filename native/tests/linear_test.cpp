#include "linear.h"

#include <cstring>
#include <stdexcept>
#include <utility>

#include "check.h"
#include "matmul_reference.h"
#include "thread_pool.h"

using namespace ossian;
using namespace ossian::test;

namespace {

std::vector<uint16_t> random_bf16(size_t n, uint32_t seed, float scale = 1.0f) {
  std::vector<uint16_t> values;
  for (const float value : random_floats(n, seed, scale)) values.push_back(reference::to_bf16(value));
  return values;
}

struct Case {
  int64_t num_rows, num_cols;
  std::vector<uint16_t> weight = random_bf16(num_rows * num_cols, 1, 0.05f);
  std::vector<uint16_t> bias = random_bf16(num_rows, 2);

  DenseWeight pack(WeightFormat format, bool has_bias = true) const {
    return DenseWeight(weight.data(), has_bias ? bias.data() : nullptr, num_rows, num_cols, format);
  }

  std::vector<float> expected(const std::vector<float>& x, WeightFormat format, bool has_bias = true) const {
    const auto dot = format == WeightFormat::int8 ? reference::dot_int8 : reference::dot_bf16;
    std::vector<float> out;
    for (size_t t = 0; t < x.size() / num_cols; ++t) {
      for (int64_t row = 0; row < num_rows; ++row) {
        const float product = dot(x.data() + t * num_cols, weight.data() + row * num_cols, num_cols);
        out.push_back(product + (has_bias ? reference::from_bf16(bias[row]) : 0.0f));
      }
    }
    return out;
  }
};

std::vector<float> run(const std::vector<float>& x, const DenseWeight& weight, bool exact = false) {
  const auto num_tokens = static_cast<int64_t>(x.size()) / weight.num_cols();
  std::vector<float> out(num_tokens * weight.num_rows());
  linear(x.data(), num_tokens, weight, out.data(), false, exact);
  return out;
}

}  // namespace

TEST(linear_equals_reference) {
  for (const WeightFormat format : {WeightFormat::int8, WeightFormat::bf16}) {
    for (const auto& [num_rows, num_cols] : {std::pair{16, 32}, {48, 96}, {80, 64}}) {
      const Case c{num_rows, num_cols};
      const DenseWeight weight = c.pack(format);
      for (const int num_tokens : {0, 1, 2, 3, 5, 6, 7, 13, 17}) {
        const std::vector<float> x = random_floats(num_tokens * num_cols, 3);
        CHECK_SAME(run(x, weight), c.expected(x, format));
      }
    }
  }
}

TEST(linear_without_bias) {
  const Case c{32, 64};
  const std::vector<float> x = random_floats(3 * 64, 4);
  CHECK_SAME(run(x, c.pack(WeightFormat::int8, false)), c.expected(x, WeightFormat::int8, false));
}

TEST(linear_accumulates) {
  const Case c{48, 64};
  for (const WeightFormat format : {WeightFormat::int8, WeightFormat::bf16}) {
    const std::vector<float> x = random_floats(5 * 64, 5);
    std::vector<float> out = random_floats(5 * 48, 6);
    std::vector<float> expected = c.expected(x, format);
    for (size_t i = 0; i < out.size(); ++i) expected[i] = out[i] + expected[i];
    linear(x.data(), 5, c.pack(format), out.data(), true, false);
    CHECK_SAME(out, expected);
  }
}

TEST(linear_survives_extreme_activations) {
  const Case c{16, 128};
  std::vector<float> x(3 * 128);  // a zero token
  x[128 + 3] = 3e38f;             // one huge value
  x[128 + 40] = 1e-38f;           // a block below the smallest scale
  x[128 + 70] = 1e-20f;
  x[2 * 128 + 5] = INFINITY;  // must come out as NaN, not as a number
  for (const WeightFormat format : {WeightFormat::int8, WeightFormat::bf16}) {
    CHECK_SAME(run(std::vector<float>(x.begin(), x.begin() + 256), c.pack(format)),
               c.expected({x.begin(), x.begin() + 256}, format));
  }
  for (const float value : run({x.begin() + 256, x.end()}, c.pack(WeightFormat::int8))) CHECK(std::isnan(value));
}

TEST(linear_int8_is_near_float) {
  const Case c{64, 256};
  const std::vector<float> x = random_floats(4 * 256, 7);
  const std::vector<float> coarse = run(x, c.pack(WeightFormat::int8));
  const std::vector<float> fine = run(x, c.pack(WeightFormat::bf16));
  double error = 0.0;
  double norm = 0.0;
  for (size_t i = 0; i < fine.size(); ++i) {
    error += std::pow(coarse[i] - fine[i], 2);
    norm += std::pow(fine[i], 2);
  }
  CHECK(std::sqrt(error / norm) < 0.01);
}

TEST(linear_does_not_depend_on_threads) {
  const Case c{160, 64};
  const DenseWeight weight = c.pack(WeightFormat::int8);
  const std::vector<float> x = random_floats(17 * 64, 8);
  const std::vector<float> expected = run(x, weight);
  for (const int threads : {1, 3}) {
    set_num_threads(threads);
    CHECK_SAME(run(x, weight), expected);
    CHECK_SAME(run(x, c.pack(WeightFormat::int8)), expected);
  }
  set_num_threads(0);
}

TEST(a_dense_weight_is_its_packed_bytes) {
  const Case c{48, 96};
  const std::vector<float> x = random_floats(5 * 96, 8);
  for (const WeightFormat format : {WeightFormat::int8, WeightFormat::bf16}) {
    for (const bool has_bias : {false, true}) {
      std::vector<float> expected;
      PackedBytes packed;
      {
        const DenseWeight weight = c.pack(format, has_bias);
        expected = run(x, weight);
        packed = weight.packed();
      }
      CHECK_SAME(run(x, DenseWeight(packed, 48, 96, format, has_bias)), expected);
      PackedBytes shifted = packed;
      shifted.data += 1;
      CHECK(throws<std::invalid_argument>([&] { DenseWeight(shifted, 48, 96, format, has_bias); }, "64 bytes"));
      CHECK(throws<std::invalid_argument>([&] { DenseWeight(packed, 64, 96, format, has_bias); }, "it must have"));
      CHECK(throws<std::invalid_argument>([&] { DenseWeight(packed, 48, 96, format, !has_bias); }, "it must have"));
      CHECK(throws<std::invalid_argument>([&] { DenseWeight(packed, 47, 96, format, has_bias); }, "multiple of 16"));
    }
  }
}

TEST(pack_dense_reads_unaligned_tensors) {
  const Case c{16, 64};
  std::vector<uint8_t> shifted(c.weight.size() * 2 + 1);
  std::memcpy(shifted.data() + 1, c.weight.data(), c.weight.size() * 2);
  const auto* unaligned = reinterpret_cast<const uint16_t*>(shifted.data() + 1);
  const std::vector<float> x = random_floats(2 * 64, 9);
  for (const WeightFormat format : {WeightFormat::int8, WeightFormat::bf16}) {
    CHECK_SAME(run(x, DenseWeight(unaligned, nullptr, 16, 64, format)), c.expected(x, format, false));
  }
}

TEST(pack_dense_keeps_zero_and_tiny_weights_finite) {
  Case c{16, 64};
  std::fill(c.weight.begin(), c.weight.begin() + 64, uint16_t{0});
  c.weight[70] = 1;  // the smallest subnormal
  const std::vector<float> x = random_floats(64, 10);
  CHECK_SAME(run(x, c.pack(WeightFormat::int8)), c.expected(x, WeightFormat::int8));
}

TEST(pack_dense_rejects_what_it_cannot_pack) {
  const Case c{48, 96};
  for (const auto& [num_rows, num_cols] : {std::pair{15, 32}, {16, 33}, {0, 32}, {16, 0}}) {
    CHECK(throws<std::invalid_argument>(
        [&] { DenseWeight(c.weight.data(), nullptr, num_rows, num_cols, WeightFormat::int8); }, "multiple of 16"));
  }
  for (const uint16_t bad : {0x7f80, 0x7fc0, 0xff80}) {
    Case broken{16, 32};
    broken.weight[100] = bad;
    for (const WeightFormat format : {WeightFormat::int8, WeightFormat::bf16}) {
      CHECK(throws<std::invalid_argument>([&] { broken.pack(format); }, "NaN"));
    }
  }
}

TEST(linear_refuses_exact_with_int8) {
  const Case c{16, 32};
  const std::vector<float> x(32);
  CHECK(throws<std::invalid_argument>([&] { run(x, c.pack(WeightFormat::int8), true); }, "exact"));
}
