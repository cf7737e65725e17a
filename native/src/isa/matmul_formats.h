// How each weight format multiplies one block: P panels times a group of T tokens, added to acc.
//
// The arithmetic of one token and row never depends on T or P, so results never depend on the batch:
//   quantised   acc = fma(float(Σ w x), w_scale * x_scale, acc), the sum in integers
//   bf16        acc = fma(w, x, acc), k after k
//   exact mxfp4 acc = fma(Σ fma(w, x), w_scale, acc), k after k
#pragma once

#include "panel.h"
#include "simd.h"
#include "simd_dot.h"
#include "token_group.h"

namespace ossian::OSSIAN_ISA_NS {

// Inline, a block's sums stay in registers from block to block: a tenth more speed. GCC alone would share one copy.
#if defined(OSSIAN_ISA_AVX512) && !defined(OSSIAN_SANITIZE)
#define OSSIAN_INLINE [[gnu::always_inline]]
#else
#define OSSIAN_INLINE
#endif

template <int T>
struct QuantizedBlock {
  int8_t values[T][kBlock];
  float scales[T];
  int32_t corrections[T];
};

template <int T>
struct ExactBlock {
  float values[kBlock][T];
};

template <int T, int P>
using Sums = f32x16[P][T];

// A block of P panels: where its weights and its scales begin.
template <int P>
struct PanelBlocks {
  const uint8_t* weights[P];
  const uint8_t* scales[P];
};

// The scale of doubled E2M1, 2^(s - 128), as bits; the two smallest are subnormal.
inline f32x16 load_mxfp4_scale(const uint8_t* p) {
  const i32x16 s = load_u8_as_i32(p);
  const i32x16 normal = shift_left<23>(s - splat_i32(1));
  const i32x16 subnormal = splat_i32(0x00200000) + shift_left<21>(s);
  return as_f32(select(equal_i32(shift_right<1>(s), splat_i32(0)), subnormal, normal));
}

// Add one step of P panels to the integer sums of T tokens; x is the step's first activation of the first token.
template <class Step, int T, int P>
inline void dot_step(const Step (&w)[P], const int8_t* x, i32x16 (&sums)[P][T]) {
  OSSIAN_UNROLL
  for (int t = 0; t < T; ++t) {
    const i32x16 four = splat_four(x + t * kBlock);
    OSSIAN_UNROLL
    for (int p = 0; p < P; ++p) sums[p][t] = dot(sums[p][t], w[p], four);
  }
}

template <int T, int P>
inline void start_sums(const QuantizedBlock<T>& x, i32x16 (&sums)[P][T]) {
  OSSIAN_UNROLL
  for (int t = 0; t < T; ++t) {
    OSSIAN_UNROLL
    for (int p = 0; p < P; ++p) sums[p][t] = splat_i32(x.corrections[t]);
  }
}

template <int T, int P>
inline void add_scaled(const i32x16 (&sums)[P][T], const f32x16 (&w_scales)[P], const QuantizedBlock<T>& x,
                       Sums<T, P>& acc) {
  OSSIAN_UNROLL
  for (int t = 0; t < T; ++t) {
    const f32x16 x_scale = splat(x.scales[t]);
    OSSIAN_UNROLL
    for (int p = 0; p < P; ++p) acc[p][t] = fma(to_f32(sums[p][t]), w_scales[p] * x_scale, acc[p][t]);
  }
}

struct Int8Format {
  template <int T>
  using Block = QuantizedBlock<T>;
  static constexpr PanelLayout layout = layout_of(WeightFormat::int8);

  template <int T, int P>
  OSSIAN_INLINE static void multiply(const PanelBlocks<P>& panels, const Block<T>& x, Sums<T, P>& acc) {
    i32x16 sums[P][T];
    start_sums(x, sums);
    OSSIAN_UNROLL
    for (int s = 0; s < 8; ++s) {
      Int8Step w[P];
      for (int p = 0; p < P; ++p) w[p] = load_int8_step(panels.weights[p] + s * 64);
      dot_step(w, &x.values[0][s * 4], sums);
    }
    f32x16 w_scales[P];
    for (int p = 0; p < P; ++p) w_scales[p] = load_bf16(panels.scales[p]);
    add_scaled(sums, w_scales, x, acc);
  }
};

struct Mxfp4Format {
  template <int T>
  using Block = QuantizedBlock<T>;
  static constexpr PanelLayout layout = layout_of(WeightFormat::mxfp4);

  // The low nibbles are the first sixteen k of a block, the high ones the others.
  template <Mxfp4Step (*load)(const uint8_t*), int T, int P>
  OSSIAN_INLINE static void dot_half(const PanelBlocks<P>& panels, const int8_t* x, i32x16 (&sums)[P][T]) {
    if constexpr (kSumsStay) {
      OSSIAN_UNROLL
      for (int s = 0; s < 4; ++s) {
        Mxfp4Step w[P];
        for (int p = 0; p < P; ++p) w[p] = load(panels.weights[p] + s * 64);
        dot_step(w, x + s * 4, sums);
      }
    } else {
      for (int p = 0; p < P; ++p) {
        Mxfp4Step w[4];
        for (int s = 0; s < 4; ++s) w[s] = load(panels.weights[p] + s * 64);
        OSSIAN_UNROLL
        for (int t = 0; t < T; ++t) sums[p][t] = dot_four(sums[p][t], w, x + t * kBlock);
      }
    }
  }

  template <int T, int P>
  OSSIAN_INLINE static void multiply(const PanelBlocks<P>& panels, const Block<T>& x, Sums<T, P>& acc) {
    i32x16 sums[P][T];
    start_sums(x, sums);
    dot_half<load_mxfp4_low>(panels, &x.values[0][0], sums);
    dot_half<load_mxfp4_high>(panels, &x.values[0][16], sums);
    f32x16 w_scales[P];
    for (int p = 0; p < P; ++p) w_scales[p] = load_mxfp4_scale(panels.scales[p]);
    add_scaled(sums, w_scales, x, acc);
  }
};

// acc += w[p] * x[t]
template <int T, int P>
inline void add_products(const f32x16 (&w)[P], const float (&x)[T], Sums<T, P>& acc) {
  OSSIAN_UNROLL
  for (int t = 0; t < T; ++t) {
    const f32x16 value = splat(x[t]);
    OSSIAN_UNROLL
    for (int p = 0; p < P; ++p) acc[p][t] = fma(w[p], value, acc[p][t]);
  }
}

struct Bf16Format {
  template <int T>
  using Block = ExactBlock<T>;
  static constexpr PanelLayout layout = layout_of(WeightFormat::bf16);

  template <int T, int P>
  static void multiply(const PanelBlocks<P>& panels, const Block<T>& x, Sums<T, P>& acc) {
    for (int k = 0; k < kBlock; ++k) {
      f32x16 w[P];
      for (int p = 0; p < P; ++p) w[p] = load_bf16(panels.weights[p] + k * 32);
      add_products(w, x.values[k], acc);
    }
  }
};

struct ExactMxfp4Format {
  template <int T>
  using Block = ExactBlock<T>;
  static constexpr PanelLayout layout = layout_of(WeightFormat::mxfp4);
  static constexpr float kDoubled[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

  // Nibble `shift / 4` of each row's 32-bit word: one k.
  template <int shift, int T, int P>
  static void add_k(const i32x16 (&words)[P], const float (&x)[T], Sums<T, P>& sums) {
    f32x16 w[P];
    for (int p = 0; p < P; ++p) w[p] = lookup(kDoubled, shift_right<shift>(words[p]));
    add_products(w, x, sums);
  }

  template <int first_shift, int T, int P>
  static void add_half(const PanelBlocks<P>& panels, const float (*x)[T], Sums<T, P>& sums) {
    for (int s = 0; s < 4; ++s) {
      i32x16 words[P];
      for (int p = 0; p < P; ++p) words[p] = load_i32(reinterpret_cast<const int32_t*>(panels.weights[p] + s * 64));
      add_k<first_shift>(words, x[s * 4], sums);
      add_k<first_shift + 8>(words, x[s * 4 + 1], sums);
      add_k<first_shift + 16>(words, x[s * 4 + 2], sums);
      add_k<first_shift + 24>(words, x[s * 4 + 3], sums);
    }
  }

  template <int T, int P>
  static void multiply(const PanelBlocks<P>& panels, const Block<T>& x, Sums<T, P>& acc) {
    Sums<T, P> sums;
    for (int p = 0; p < P; ++p) {
      for (int t = 0; t < T; ++t) sums[p][t] = zero_f32();
    }
    add_half<0>(panels, x.values, sums);
    add_half<4>(panels, x.values + 16, sums);
    for (int p = 0; p < P; ++p) {
      const f32x16 scale = load_mxfp4_scale(panels.scales[p]);
      for (int t = 0; t < T; ++t) acc[p][t] = fma(sums[p][t], scale, acc[p][t]);
    }
  }
};

}  // namespace ossian::OSSIAN_ISA_NS
