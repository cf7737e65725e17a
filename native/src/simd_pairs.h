// Products of int16 pairs over simd.h: sixteen rows, two k at a time.
//
// A step is two consecutive k of sixteen rows, row-major, as int16 or as int8 to be widened. dot_pairs(sum, step, x)
// adds to each row's 32-bit sum its two products with the pair in x: exact integers, hence equal on every instruction
// set, as long as they fit.
#pragma once

#include "simd.h"

namespace ossian::OSSIAN_ISA_NS {

inline i32x16 splat_pair(const int16_t* x) {
  int32_t pair;
  std::memcpy(&pair, x, sizeof pair);
  return splat_i32(pair);
}

#if defined(OSSIAN_ISA_AVX512)

inline i32x16 load_pairs(const int16_t* p) { return {_mm512_loadu_si512(p)}; }
inline i32x16 load_pairs(const int8_t* p) {
  return {_mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)))};
}
// Not the intrinsic: GCC 12 moves its sums between registers and to memory in every step of a loop over many of them.
inline i32x16 dot_pairs(i32x16 sum, i32x16 a, i32x16 b) {
  __asm__("vpdpwssd %2, %1, %0" : "+v"(sum.v) : "v"(a.v), "v"(b.v));
  return sum;
}
// Only for values in [-32768, 32767].
inline void store_as_int16(int16_t* p, i32x16 a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi32_epi16(a.v));
}

#elif defined(OSSIAN_ISA_AVX2)

inline i32x16 load_pairs(const int16_t* p) { return load_i32(reinterpret_cast<const int32_t*>(p)); }
inline i32x16 load_pairs(const int8_t* p) {
  return {_mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))),
          _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16)))};
}
inline i32x16 dot_pairs(i32x16 sum, i32x16 a, i32x16 b) {
  return {_mm256_add_epi32(sum.lo, _mm256_madd_epi16(a.lo, b.lo)),
          _mm256_add_epi32(sum.hi, _mm256_madd_epi16(a.hi, b.hi))};
}
// Only for values in [-32768, 32767].
inline void store_as_int16(int16_t* p, i32x16 a) {
  const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(a.lo, a.hi), 0xd8);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), words);
}

#else

template <class Item>
inline i32x16 load_pairs(const Item* p) {
  Item items[32];
  std::memcpy(items, p, sizeof items);
  int16_t widened[32];
  for (int i = 0; i < 32; ++i) widened[i] = items[i];
  i32x16 pairs;
  std::memcpy(pairs.v, widened, sizeof pairs.v);
  return pairs;
}
inline i32x16 dot_pairs(i32x16 sum, i32x16 a, i32x16 b) {
  int16_t x[32];
  int16_t y[32];
  std::memcpy(x, a.v, sizeof x);
  std::memcpy(y, b.v, sizeof y);
  for (int i = 0; i < 32; ++i)
    sum.v[i / 2] = wrap(static_cast<uint32_t>(sum.v[i / 2]) + static_cast<uint32_t>(x[i] * y[i]));
  return sum;
}
// Only for values in [-32768, 32767].
inline void store_as_int16(int16_t* p, i32x16 a) {
  for (int i = 0; i < 16; ++i) p[i] = static_cast<int16_t>(a.v[i]);
}

#endif

}  // namespace ossian::OSSIAN_ISA_NS
