// Sixteen-lane vectors, the same on every instruction set, for kernels in isa/.
//
// Each backend gives the same bits for the same input: every operation is one correctly rounded IEEE operation (or an
// exact integer one), fma is always fused, reductions follow one fixed tree over 16 lanes. Where x86 and C differ
// (NaN in min/max, out-of-range conversions) the comment says what holds.
//
// Only for translation units that CMake compiles once per instruction set with OSSIAN_ISA_NS set. All names live in
// that namespace, so the linker can never mix copies.
//
//   f32x16   zero_f32 splat load store load_first store_first load_bf16 + - * / fma min max abs
//            reduce_add reduce_max round_bf16
//   i32x16   splat_i32 load_i32 store_i32 + - & | ^ shift_left<n> shift_right<n> (logical) max_i32
//            to_f32 round_to_i32 as_f32 as_i32
//   mask16   less(a, b) less_equal(a, b) equal_i32(a, b), select(mask, if_true, if_false)
//   dot      see simd_dot.h
//   pairs    dot_pairs: see simd_pairs.h
//   exp, exp2, sigmoid: see simd_math.h
#pragma once

#include <cstddef>
#include <cstdint>

#ifndef OSSIAN_ISA_NS
#error "simd.h is only for the files in isa/, which are compiled once per instruction set"
#endif

#if defined(OSSIAN_ISA_AVX512)
#include "simd_avx512.h"
#elif defined(OSSIAN_ISA_AVX2)
#include "simd_avx2.h"
#else
#include "simd_scalar.h"
#endif

// Unroll the loop that follows, so that arrays of vectors stay in registers. Without vectors there is nothing to gain,
// and instrumented code would take minutes to compile.
#if (defined(OSSIAN_ISA_AVX512) || defined(OSSIAN_ISA_AVX2)) && !defined(OSSIAN_SANITIZE)
#define OSSIAN_UNROLL _Pragma("GCC unroll 16")
#else
#define OSSIAN_UNROLL
#endif

namespace ossian::OSSIAN_ISA_NS {

inline constexpr int kLanes = 16;

inline f32x16 abs(f32x16 a) { return as_f32(as_i32(a) & splat_i32(0x7fffffff)); }

// Nearest bf16, ties to even, kept as f32. NaN stays NaN.
inline f32x16 round_bf16(f32x16 a) {
  const i32x16 bits = as_i32(a);
  const i32x16 odd = shift_right<16>(bits) & splat_i32(1);
  const f32x16 rounded = as_f32((bits + splat_i32(0x7fff) + odd) & splat_i32(static_cast<int32_t>(0xffff0000)));
  return select(less_equal(a, a), rounded, a);  // a NaN's payload could carry into the exponent and leave infinity
}

}  // namespace ossian::OSSIAN_ISA_NS
