// Integer dot products over simd.h: sixteen rows, four k at a time.
//
// A step is 64 bytes: four consecutive k of sixteen rows, row-major. dot(sum, step, x) adds to each row's 32-bit sum
// the products with the four int8 in x. The sums are exact integers, hence equal on every instruction set; but they
// come out too large by kInt8Offset (kMxfp4Offset) times the sum of the four x, because the fast instructions want
// unsigned weights: start the sum at minus that.
#pragma once

#include "simd.h"

namespace ossian::OSSIAN_ISA_NS {

// E2M1 doubled plus 12, by nibble; the doubling makes halves integers, the 12 makes them unsigned.
inline constexpr int kMxfp4Offset = 12;
alignas(16) inline constexpr uint8_t kMxfp4Table[16] = {12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0};

// Whether the sums of several panels and tokens stay in registers while steps pass by.
#if defined(OSSIAN_ISA_AVX512)
inline constexpr bool kSumsStay = true;
#else
inline constexpr bool kSumsStay = false;
#endif

inline i32x16 splat_four(const int8_t* x) {
  int32_t four;
  std::memcpy(&four, x, sizeof four);
  return splat_i32(four);
}

#if defined(OSSIAN_ISA_AVX512)

inline constexpr int kInt8Offset = 128;
struct Int8Step {
  __m512i biased;
};
struct Mxfp4Step {
  __m512i biased;
};

inline Int8Step load_int8_step(const uint8_t* p) {
  return {_mm512_xor_si512(_mm512_loadu_si512(p), _mm512_set1_epi8(-128))};
}
inline Mxfp4Step lookup_mxfp4(__m512i nibbles) {
  const __m512i table = _mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(kMxfp4Table)));
  return {_mm512_shuffle_epi8(table, _mm512_and_si512(nibbles, _mm512_set1_epi8(15)))};
}
// The low and the high nibbles of 64 bytes.
inline Mxfp4Step load_mxfp4_low(const uint8_t* p) { return lookup_mxfp4(_mm512_loadu_si512(p)); }
inline Mxfp4Step load_mxfp4_high(const uint8_t* p) { return lookup_mxfp4(_mm512_srli_epi32(_mm512_loadu_si512(p), 4)); }
inline i32x16 dot(i32x16 sum, Int8Step w, i32x16 x) { return {_mm512_dpbusd_epi32(sum.v, w.biased, x.v)}; }
inline i32x16 dot(i32x16 sum, Mxfp4Step w, i32x16 x) { return {_mm512_dpbusd_epi32(sum.v, w.biased, x.v)}; }

#elif defined(OSSIAN_ISA_AVX2)

// vpmaddubsw adds two products in 16 bits: 2 * 127 * 127 and 2 * 24 * 127 fit. |w| times x with the sign of w is w * x.
inline constexpr int kInt8Offset = 0;
struct Int8Step {
  __m256i lo, hi;
};
struct Mxfp4Step {
  __m256i lo, hi;
};

inline __m256i load_half(const uint8_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
inline Int8Step load_int8_step(const uint8_t* p) { return {load_half(p), load_half(p + 32)}; }
inline __m256i lookup_mxfp4(__m256i nibbles) {
  const __m256i table = _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(kMxfp4Table)));
  return _mm256_shuffle_epi8(table, _mm256_and_si256(nibbles, _mm256_set1_epi8(15)));
}
// The low and the high nibbles of 64 bytes.
inline Mxfp4Step load_mxfp4_low(const uint8_t* p) {
  return {lookup_mxfp4(load_half(p)), lookup_mxfp4(load_half(p + 32))};
}
inline Mxfp4Step load_mxfp4_high(const uint8_t* p) {
  return {lookup_mxfp4(_mm256_srli_epi32(load_half(p), 4)), lookup_mxfp4(_mm256_srli_epi32(load_half(p + 32), 4))};
}
inline __m256i add_pairs(__m256i sum, __m256i unsigned_w, __m256i x) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(unsigned_w, x), _mm256_set1_epi16(1)));
}
inline i32x16 dot(i32x16 sum, Int8Step w, i32x16 x) {
  return {add_pairs(sum.lo, _mm256_abs_epi8(w.lo), _mm256_sign_epi8(x.lo, w.lo)),
          add_pairs(sum.hi, _mm256_abs_epi8(w.hi), _mm256_sign_epi8(x.hi, w.hi))};
}
inline i32x16 dot(i32x16 sum, Mxfp4Step w, i32x16 x) {
  return {add_pairs(sum.lo, w.lo, x.lo), add_pairs(sum.hi, w.hi, x.hi)};
}

inline __m256i add_four(__m256i sum, __m256i a, __m256i b, __m256i c, __m256i d) {
  const __m256i pairs = _mm256_add_epi16(_mm256_add_epi16(a, b), _mm256_add_epi16(c, d));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}
// Four steps: their products fit in 16 bits even together, 4 * 2 * 24 * 127, and are widened once (a third more speed).
inline i32x16 dot_four(i32x16 sum, const Mxfp4Step (&w)[4], const int8_t* x) {
  const __m256i a = splat_four(x).lo;
  const __m256i b = splat_four(x + 4).lo;
  const __m256i c = splat_four(x + 8).lo;
  const __m256i d = splat_four(x + 12).lo;
  return {add_four(sum.lo, _mm256_maddubs_epi16(w[0].lo, a), _mm256_maddubs_epi16(w[1].lo, b),
                   _mm256_maddubs_epi16(w[2].lo, c), _mm256_maddubs_epi16(w[3].lo, d)),
          add_four(sum.hi, _mm256_maddubs_epi16(w[0].hi, a), _mm256_maddubs_epi16(w[1].hi, b),
                   _mm256_maddubs_epi16(w[2].hi, c), _mm256_maddubs_epi16(w[3].hi, d))};
}

#else

inline constexpr int kInt8Offset = 0;
struct Int8Step {
  int8_t v[64];
};
struct Mxfp4Step {
  uint8_t v[64];
};

inline Int8Step load_int8_step(const uint8_t* p) {
  Int8Step step;
  std::memcpy(step.v, p, sizeof step.v);
  return step;
}
// The low and the high nibbles of 64 bytes.
inline Mxfp4Step load_mxfp4_low(const uint8_t* p) {
  Mxfp4Step step;
  for (int i = 0; i < 64; ++i) step.v[i] = kMxfp4Table[p[i] & 15];
  return step;
}
inline Mxfp4Step load_mxfp4_high(const uint8_t* p) {
  Mxfp4Step step;
  for (int i = 0; i < 64; ++i) step.v[i] = kMxfp4Table[p[i] >> 4];
  return step;
}
template <class Step>
inline i32x16 dot(i32x16 sum, const Step& w, i32x16 x) {
  int8_t four[4];
  std::memcpy(four, x.v, sizeof four);
  for (int row = 0; row < 16; ++row) {
    for (int k = 0; k < 4; ++k) sum.v[row] += w.v[row * 4 + k] * four[k];
  }
  return sum;
}

#endif

#if !defined(OSSIAN_ISA_AVX2)
inline i32x16 dot_four(i32x16 sum, const Mxfp4Step (&w)[4], const int8_t* x) {
  for (int s = 0; s < 4; ++s) sum = dot(sum, w[s], splat_four(x + s * 4));
  return sum;
}
#endif

}  // namespace ossian::OSSIAN_ISA_NS
