// The smallest test framework that does: TEST registers, CHECK and CHECK_SAME report, main runs every test under every
// instruction set this CPU has.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

namespace ossian::test {

struct Test {
  const char* name;
  void (*run)();
};
std::vector<Test>& all_tests();
struct Registration {
  Registration(const char* name, void (*run)()) { all_tests().push_back({name, run}); }
};

// Report a failure; the test goes on and the executable exits with 1.
void fail(const char* file, int line, const std::string& what);

template <class Float>
bool same_bits(Float a, Float b) {
  if constexpr (std::is_same_v<Float, float>) {
    return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b) || (std::isnan(a) && std::isnan(b));
  } else {
    return a == b;
  }
}

template <class T>
void check_same(const std::vector<T>& actual, const std::vector<T>& expected, const char* file, int line) {
  if (actual.size() != expected.size()) return fail(file, line, "sizes differ");
  for (size_t i = 0; i < actual.size(); ++i) {
    if (same_bits(actual[i], expected[i])) continue;
    return fail(file, line,
                "element " + std::to_string(i) + " of " + std::to_string(actual.size()) + " is " +
                    std::to_string(actual[i]) + ", expected " + std::to_string(expected[i]));
  }
}

// Whether f() throws Exception with `part` in its message.
template <class Exception, class F>
bool throws(const F& f, const std::string& part) {
  try {
    f();
  } catch (const Exception& error) {
    return std::string(error.what()).find(part) != std::string::npos;
  }
  return false;
}

inline std::vector<float> random_floats(size_t n, uint32_t seed, float scale = 1.0f) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0.0f, scale);
  std::vector<float> values(n);
  for (float& value : values) value = normal(generator);
  return values;
}

inline std::vector<uint8_t> random_bytes(size_t n, uint32_t seed, int low = 0, int high = 255) {
  std::mt19937 generator(seed);
  std::uniform_int_distribution<int> uniform(low, high);
  std::vector<uint8_t> values(n);
  for (uint8_t& value : values) value = static_cast<uint8_t>(uniform(generator));
  return values;
}

}  // namespace ossian::test

#define TEST(name)                                                             \
  static void test_##name();                                                   \
  static const ossian::test::Registration register_##name(#name, test_##name); \
  static void test_##name()
#define CHECK(condition) \
  if (!(condition)) ossian::test::fail(__FILE__, __LINE__, #condition)
// Equal bit for bit; any NaN equals any NaN.
#define CHECK_SAME(actual, expected) ossian::test::check_same(actual, expected, __FILE__, __LINE__)
