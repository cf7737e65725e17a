// exp, exp2 and sigmoid over simd.h: one polynomial, so every instruction set gives the same bits.
#pragma once

#include "simd.h"

namespace ossian::OSSIAN_ISA_NS {

// e^x to 2 ulp for x in [-87, 88]; 0 below -87 (no subnormal results), about 2.4e38 (not infinity) above 88.37;
// NaN gives 0. Range reduction to |r| <= ln(2)/2, then the Taylor polynomial of degree 7 (its error, r^8 / 8!, is under
// 5e-9 there), then the exponent is added to the bits.
inline f32x16 exp(f32x16 x) {
  const mask16 is_normal = less(splat(-87.0f), x);
  x = min(x, splat(88.37f));
  const i32x16 n = round_to_i32(select(is_normal, x, zero_f32()) * splat(1.44269504f));
  const f32x16 n_f32 = to_f32(n);
  f32x16 r = fma(n_f32, splat(-0.693359375f), x);  // ln 2 in two parts; the first is exact in 10 bits
  r = fma(n_f32, splat(2.12194440e-4f), r);
  f32x16 p = splat(1.9841270e-4f);
  p = fma(p, r, splat(1.3888889e-3f));
  p = fma(p, r, splat(8.3333333e-3f));
  p = fma(p, r, splat(4.1666667e-2f));
  p = fma(p, r, splat(1.6666667e-1f));
  p = fma(p, r, splat(0.5f));
  p = fma(p, r, splat(1.0f));
  p = fma(p, r, splat(1.0f));
  const f32x16 result = as_f32(as_i32(p) + shift_left<23>(n));
  return select(is_normal, result, zero_f32());
}

// 2^x to 3e-6 of itself for x in [-100, 127]; below -100 and for NaN 2^-100. 2^0 is 1. For weights and factors of a
// softmax, of which there is one a key: the polynomial is the shortest that rounding to 13 bits does not notice.
inline f32x16 exp2(f32x16 x) {
  x = max(x, splat(-100.0f));
  const f32x16 shifted = x + splat(12582912.0f);  // 1.5 * 2^23: leaves the nearest integer in the low bits
  const f32x16 r = x - (shifted - splat(12582912.0f));
  f32x16 p = splat(9.5828530e-3f);
  p = fma(p, r, splat(5.5906425e-2f));
  p = fma(p, r, splat(2.4024099e-1f));
  p = fma(p, r, splat(6.9312419e-1f));
  p = fma(p, r, splat(1.0f));
  return as_f32(as_i32(p) + shift_left<23>(as_i32(shifted)));
}

// 1 / (1 + e^-x)
inline f32x16 sigmoid(f32x16 x) { return splat(1.0f) / (splat(1.0f) + exp(zero_f32() - x)); }

}  // namespace ossian::OSSIAN_ISA_NS
