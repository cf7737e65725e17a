#include "activations.h"
#include "matmul_formats.h"
#include "matmul_kernels.h"
#include "simd_math.h"

namespace ossian::OSSIAN_ISA_NS {
namespace {

constexpr int kMaxTokens = 6;  // with two panels, as many as registers hold the sums of

template <int P>
PanelBlocks<P> first_blocks(const Panels& panels, int64_t first_panel, PanelLayout layout) {
  PanelBlocks<P> blocks;
  for (int p = 0; p < P; ++p) {
    blocks.weights[p] = panels.data + (first_panel + p) * layout.panel_bytes(panels.num_cols);
    blocks.scales[p] = blocks.weights[p] + panels.num_cols / kBlock * layout.block_bytes;
  }
  return blocks;
}

// acc = P panels times group g of T tokens, over all of K.
//
// Meanwhile memory is asked for the P panels that follow, each group asking for its part of them, in the order of their
// addresses. The hardware follows a stream only to the end of its page, and the blocks and scales of a few panels are
// too many streams to follow: measured on one core of Zen 5, MXFP4 from memory goes from 21 to 34 GB/s for one token
// and from 13 to 30 for six; the same core reads 36. Reading past the end is harmless, as a prefetch never faults.
template <class Format, int T, int P>
void multiply(const Panels& panels, int64_t first_panel, const TokenGroups& x, int64_t g, Sums<T, P>& acc) {
  using Block = typename Format::template Block<T>;
  PanelBlocks<P> blocks = first_blocks<P>(panels, first_panel, Format::layout);
  const auto* block_of_x = reinterpret_cast<const Block*>(x.data + x.groups[g].offset);
  const int64_t num_blocks = panels.num_cols / kBlock;
  const int64_t part = P * Format::layout.panel_bytes(panels.num_cols) / x.num_groups;
  const uint8_t* ahead = blocks.weights[0] + P * Format::layout.panel_bytes(panels.num_cols) + g * part;
  const int64_t step = part / num_blocks;
  for (int p = 0; p < P; ++p) {
    for (int t = 0; t < T; ++t) acc[p][t] = zero_f32();
  }
  for (int64_t block = 0; block < num_blocks; ++block) {
    for (int64_t line = 0; line < step; line += 64) __builtin_prefetch(ahead + line);
    ahead += step;
    Format::template multiply<T, P>(blocks, block_of_x[block], acc);
    for (int p = 0; p < P; ++p) {
      blocks.weights[p] += Format::layout.block_bytes;
      blocks.scales[p] += Format::layout.scale_bytes;
    }
  }
}

// acc = P panels times group g. Together they share the loads of activations, where the sums stay in registers; one
// token is soon loaded, and the panels in turn are a single stream for memory (MXFP4 34 instead of 30 GB/s).
template <class Format, int T, int P>
void multiply_all(const Panels& panels, int64_t first_panel, const TokenGroups& x, int64_t g, Sums<T, P>& acc) {
  if constexpr (kSumsStay && T > 1) return multiply<Format, T, P>(panels, first_panel, x, g, acc);
  for (int p = 0; p < P; ++p) {
    Sums<T, 1> one;
    multiply<Format, T, 1>(panels, first_panel + p, x, g, one);
    for (int t = 0; t < T; ++t) acc[p][t] = one[0][t];
  }
}

f32x16 load_bias(const Panels& panels, int64_t panel) {
  return panels.bias == nullptr ? zero_f32() : load(panels.bias + panel * kPanelRows);
}

// Plain products: out = acc + bias.
template <class Format>
struct Plain {
  MatmulOutput out;

  template <int T, int P>
  void operator()(const Panels& panels, int64_t panel, const TokenGroups& x, int64_t g) const {
    Sums<T, P> acc;
    multiply_all<Format, T, P>(panels, panel, x, g, acc);
    for (int p = 0; p < P; ++p) {
      const f32x16 bias = load_bias(panels, panel + p);
      for (int t = 0; t < T; ++t) {
        float* place = out.data + (x.groups[g].first_row + t) * out.stride + (panel + p) * kPanelRows;
        const f32x16 result = acc[p][t] + bias;
        store(place, out.accumulate ? load(place) + result : result);
      }
    }
  }
};

// gate * sigmoid(1.702 gate) * (up + 1); gate has no lower clamp. The clamps keep NaN.
f32x16 swiglu(f32x16 gate, f32x16 up, float limit) {
  gate = min(splat(limit), gate);
  up = max(splat(-limit), min(splat(limit), up));
  return gate * sigmoid(splat(1.702f) * gate) * (up + splat(1.0f));
}

template <class Format>
struct GateUp {
  MatmulOutput out;
  float limit;

  template <int T, int P>
  void operator()(const Panels& panels, int64_t panel, const TokenGroups& x, int64_t g) const {
    static_assert(P == 2);
    Sums<T, P> acc;
    multiply_all<Format, T, P>(panels, panel, x, g, acc);
    const f32x16 gate_bias = load_bias(panels, panel);
    const f32x16 up_bias = load_bias(panels, panel + 1);
    for (int t = 0; t < T; ++t) {
      float* place = out.data + (x.groups[g].first_row + t) * out.stride + panel / 2 * kPanelRows;
      store(place, swiglu(acc[0][t] + gate_bias, acc[1][t] + up_bias, limit));
    }
  }
};

// The group's size as a constant.
template <int P, int T = kMaxTokens, class Kernel>
void run_group(const Kernel& kernel, const Panels& panels, int64_t panel, const TokenGroups& x, int64_t g) {
  if constexpr (T > 1) {
    if (x.groups[g].num_rows != T) return run_group<P, T - 1>(kernel, panels, panel, x, g);
  }
  kernel.template operator()<T, P>(panels, panel, x, g);
}

template <int P, class Kernel>
void run_groups(const Kernel& kernel, const Panels& panels, int64_t panel, const TokenGroups& x) {
  for (int64_t g = 0; g < x.num_groups; ++g) run_group<P>(kernel, panels, panel, x, g);
}

template <class Format>
void multiply_panels(const Panels& panels, const TokenGroups& x, int64_t begin, int64_t end, const MatmulOutput& out) {
  int64_t panel = begin;
  for (; panel + 2 <= end; panel += 2) run_groups<2>(Plain<Format>{out}, panels, panel, x);
  if (panel < end) run_groups<1>(Plain<Format>{out}, panels, panel, x);
}

template <class Format>
void multiply_gate_up(const Panels& panels, const TokenGroups& x, int64_t begin, int64_t end, float limit,
                      const MatmulOutput& out) {
  for (int64_t pair = begin; pair < end; ++pair) run_groups<2>(GateUp<Format>{out, limit}, panels, 2 * pair, x);
}

void add_weighted(const float* rows, const int32_t* slots, const float* weights, int64_t num_slots, int64_t size,
                  float* out) {
  for (int64_t i = 0; i < size; i += kLanes) {
    f32x16 sum = zero_f32();
    for (int64_t s = 0; s < num_slots; ++s) sum = fma(splat(weights[s]), load(rows + slots[s] * size + i), sum);
    store(out + i, load(out + i) + sum);
  }
}

}  // namespace

const MatmulKernels matmul_kernels{
    .max_group_rows = kMaxTokens,
    .quantize_for_int8 = quantize_for_int8,
    .quantize_for_mxfp4 = quantize_for_mxfp4,
    .round_to_bf16 = round_to_bf16,
    .int8 = multiply_panels<Int8Format>,
    .bf16 = multiply_panels<Bf16Format>,
    .mxfp4 = multiply_panels<Mxfp4Format>,
    .mxfp4_exact = multiply_panels<ExactMxfp4Format>,
    .gate_up = multiply_gate_up<Mxfp4Format>,
    .gate_up_exact = multiply_gate_up<ExactMxfp4Format>,
    .add_weighted = add_weighted,
};

}  // namespace ossian::OSSIAN_ISA_NS
