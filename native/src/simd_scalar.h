// simd.h in portable C++: what the other backends must equal, bit for bit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ossian::OSSIAN_ISA_NS {

struct f32x16 {
  float v[16];
};
struct i32x16 {
  int32_t v[16];
};
struct mask16 {
  bool v[16];
};

// Lane by lane: Result{f(0), f(1), …}.
template <class Result, class F>
inline Result each_lane(const F& f) {
  Result result;
  for (int i = 0; i < 16; ++i) result.v[i] = f(i);
  return result;
}

// Integer arithmetic wraps around, as in the vector units; signed overflow would be undefined in C++.
inline int32_t wrap(uint32_t a) { return static_cast<int32_t>(a); }

inline f32x16 splat(float a) {
  return each_lane<f32x16>([&](int) { return a; });
}
inline f32x16 zero_f32() { return splat(0.0f); }
inline f32x16 load(const float* p) {
  f32x16 result;
  std::memcpy(result.v, p, sizeof result.v);
  return result;
}
inline void store(float* p, f32x16 a) { std::memcpy(p, a.v, sizeof a.v); }
// The first n <= 16 elements; the other lanes are `fill` and not read.
inline f32x16 load_first(const float* p, size_t n, float fill) {
  return each_lane<f32x16>([&](int i) { return static_cast<size_t>(i) < n ? p[i] : fill; });
}
inline void store_first(float* p, f32x16 a, size_t n) { std::memcpy(p, a.v, (n < 16 ? n : 16) * sizeof(float)); }

inline f32x16 operator+(f32x16 a, f32x16 b) {
  return each_lane<f32x16>([&](int i) { return a.v[i] + b.v[i]; });
}
inline f32x16 operator-(f32x16 a, f32x16 b) {
  return each_lane<f32x16>([&](int i) { return a.v[i] - b.v[i]; });
}
inline f32x16 operator*(f32x16 a, f32x16 b) {
  return each_lane<f32x16>([&](int i) { return a.v[i] * b.v[i]; });
}
inline f32x16 operator/(f32x16 a, f32x16 b) {
  return each_lane<f32x16>([&](int i) { return a.v[i] / b.v[i]; });
}
inline f32x16 fma(f32x16 a, f32x16 b, f32x16 c) {
  return each_lane<f32x16>([&](int i) { return __builtin_fmaf(a.v[i], b.v[i], c.v[i]); });
}
// a < b ? a : b and a > b ? a : b: b when either is NaN.
inline f32x16 min(f32x16 a, f32x16 b) {
  return each_lane<f32x16>([&](int i) { return a.v[i] < b.v[i] ? a.v[i] : b.v[i]; });
}
inline f32x16 max(f32x16 a, f32x16 b) {
  return each_lane<f32x16>([&](int i) { return a.v[i] > b.v[i] ? a.v[i] : b.v[i]; });
}

inline mask16 less(f32x16 a, f32x16 b) {
  return each_lane<mask16>([&](int i) { return a.v[i] < b.v[i]; });
}
inline mask16 less_equal(f32x16 a, f32x16 b) {
  return each_lane<mask16>([&](int i) { return a.v[i] <= b.v[i]; });
}
inline f32x16 select(mask16 m, f32x16 a, f32x16 b) {
  return each_lane<f32x16>([&](int i) { return m.v[i] ? a.v[i] : b.v[i]; });
}

inline i32x16 splat_i32(int32_t a) {
  return each_lane<i32x16>([&](int) { return a; });
}
inline i32x16 load_i32(const int32_t* p) {
  i32x16 result;
  std::memcpy(result.v, p, sizeof result.v);
  return result;
}
inline void store_i32(int32_t* p, i32x16 a) { std::memcpy(p, a.v, sizeof a.v); }
inline i32x16 load_u8_as_i32(const uint8_t* p) {
  return each_lane<i32x16>([&](int i) { return static_cast<int32_t>(p[i]); });
}
inline i32x16 operator+(i32x16 a, i32x16 b) {
  return each_lane<i32x16>([&](int i) { return wrap(static_cast<uint32_t>(a.v[i]) + static_cast<uint32_t>(b.v[i])); });
}
inline i32x16 operator-(i32x16 a, i32x16 b) {
  return each_lane<i32x16>([&](int i) { return wrap(static_cast<uint32_t>(a.v[i]) - static_cast<uint32_t>(b.v[i])); });
}
inline i32x16 operator&(i32x16 a, i32x16 b) {
  return each_lane<i32x16>([&](int i) { return a.v[i] & b.v[i]; });
}
inline i32x16 operator|(i32x16 a, i32x16 b) {
  return each_lane<i32x16>([&](int i) { return a.v[i] | b.v[i]; });
}
inline i32x16 operator^(i32x16 a, i32x16 b) {
  return each_lane<i32x16>([&](int i) { return a.v[i] ^ b.v[i]; });
}
template <int n>
inline i32x16 shift_left(i32x16 a) {
  return each_lane<i32x16>([&](int i) { return wrap(static_cast<uint32_t>(a.v[i]) << n); });
}
template <int n>
inline i32x16 shift_right(i32x16 a) {
  return each_lane<i32x16>([&](int i) { return wrap(static_cast<uint32_t>(a.v[i]) >> n); });
}
inline i32x16 max_i32(i32x16 a, i32x16 b) {
  return each_lane<i32x16>([&](int i) { return a.v[i] > b.v[i] ? a.v[i] : b.v[i]; });
}
inline mask16 equal_i32(i32x16 a, i32x16 b) {
  return each_lane<mask16>([&](int i) { return a.v[i] == b.v[i]; });
}
inline i32x16 select(mask16 m, i32x16 a, i32x16 b) {
  return each_lane<i32x16>([&](int i) { return m.v[i] ? a.v[i] : b.v[i]; });
}

inline f32x16 as_f32(i32x16 a) {
  f32x16 result;
  std::memcpy(result.v, a.v, sizeof result.v);
  return result;
}
inline i32x16 as_i32(f32x16 a) {
  i32x16 result;
  std::memcpy(result.v, a.v, sizeof result.v);
  return result;
}
inline f32x16 to_f32(i32x16 a) {
  return each_lane<f32x16>([&](int i) { return static_cast<float>(a.v[i]); });
}
// To nearest, ties to even; only for |a| < 2^22. Adding 1.5 * 2^23 leaves the rounded integer in the low bits.
inline i32x16 round_to_i32(f32x16 a) { return as_i32(a + splat(12582912.0f)) - splat_i32(0x4b400000); }

// p need not be aligned: a tensor of a checkpoint may begin anywhere.
inline f32x16 load_bf16(const void* p) {
  uint16_t halves[16];
  std::memcpy(halves, p, sizeof halves);
  return as_f32(each_lane<i32x16>([&](int i) { return wrap(static_cast<uint32_t>(halves[i]) << 16); }));
}
// Only for values in [-128, 127].
inline void store_as_int8(int8_t* p, i32x16 a) {
  for (int i = 0; i < 16; ++i) p[i] = static_cast<int8_t>(a.v[i]);
}

// The tree: lanes i and i + 8, then i + 4, i + 2, i + 1.
inline float reduce_add(f32x16 a) {
  for (int width = 8; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) a.v[i] += a.v[i + width];
  }
  return a.v[0];
}
inline float reduce_max(f32x16 a) {
  for (int width = 8; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) a.v[i] = a.v[i] > a.v[i + width] ? a.v[i] : a.v[i + width];
  }
  return a.v[0];
}
inline int32_t reduce_max_i32(i32x16 a) {
  int32_t result = a.v[0];
  for (int i = 1; i < 16; ++i) result = a.v[i] > result ? a.v[i] : result;
  return result;
}
inline int32_t reduce_add_i32(i32x16 a) {
  uint32_t result = 0;
  for (int i = 0; i < 16; ++i) result += static_cast<uint32_t>(a.v[i]);
  return wrap(result);
}

// table[index & 15]
inline f32x16 lookup(const float table[16], i32x16 index) {
  return each_lane<f32x16>([&](int i) { return table[index.v[i] & 15]; });
}

}  // namespace ossian::OSSIAN_ISA_NS
