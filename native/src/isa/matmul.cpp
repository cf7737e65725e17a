#include "activations.h"
#include "matmul_formats.h"
#include "matmul_kernels.h"
#include "simd_math.h"

namespace ossian::OSSIAN_ISA_NS {
namespace {

// As many tokens as two panels' sums leave registers for.
#if defined(OSSIAN_ISA_AVX512)
constexpr int kMaxTokens = 6;
#else
constexpr int kMaxTokens = 2;
#endif

template <int P>
PanelBlocks<P> first_blocks(const Panels& panels, int64_t first_panel, PanelLayout layout) {
  PanelBlocks<P> blocks;
  for (int p = 0; p < P; ++p) {
    blocks.weights[p] = panels.data + (first_panel + p) * layout.panel_bytes(panels.num_cols);
    blocks.scales[p] = blocks.weights[p] + panels.num_cols / kBlock * layout.block_bytes;
  }
  return blocks;
}

// Ask for the block a page ahead. The hardware follows a stream only to the end of its page, and small blocks cross
// pages too often for that: measured on one core, decode from memory goes from 22 to 29 GB/s. Reading past the panels'
// end is harmless, as a prefetch never faults.
template <class Format, int P>
void prefetch(const PanelBlocks<P>& blocks) {
  constexpr int64_t kDistance = 4096;
  for (int p = 0; p < P; ++p) {
    for (int64_t line = 0; line < Format::layout.block_bytes; line += 64) {
      __builtin_prefetch(blocks.weights[p] + kDistance + line);
    }
  }
}

// acc = P panels times a group of T tokens, over all of K.
template <class Format, int T, int P>
void multiply(const Panels& panels, int64_t first_panel, const uint8_t* group, Sums<T, P>& acc) {
  using Block = typename Format::template Block<T>;
  PanelBlocks<P> blocks = first_blocks<P>(panels, first_panel, Format::layout);
  const auto* x = reinterpret_cast<const Block*>(group);
  for (int p = 0; p < P; ++p) {
    for (int t = 0; t < T; ++t) acc[p][t] = zero_f32();
  }
  for (int64_t block = 0; block < panels.num_cols / kBlock; ++block) {
    if constexpr (T <= 2 && Format::is_prefetched) prefetch<Format>(blocks);
    Format::template multiply<T, P>(blocks, x[block], acc);
    for (int p = 0; p < P; ++p) {
      blocks.weights[p] += Format::layout.block_bytes;
      blocks.scales[p] += Format::layout.scale_bytes;
    }
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
  void operator()(const Panels& panels, int64_t panel, const TokenGroup& group, const uint8_t* data) const {
    Sums<T, P> acc;
    multiply<Format, T, P>(panels, panel, data, acc);
    for (int p = 0; p < P; ++p) {
      const f32x16 bias = load_bias(panels, panel + p);
      for (int t = 0; t < T; ++t) {
        float* place = out.data + (group.first_row + t) * out.stride + (panel + p) * kPanelRows;
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
  void operator()(const Panels& panels, int64_t panel, const TokenGroup& group, const uint8_t* data) const {
    static_assert(P == 2);
    Sums<T, P> acc;
    multiply<Format, T, P>(panels, panel, data, acc);
    const f32x16 gate_bias = load_bias(panels, panel);
    const f32x16 up_bias = load_bias(panels, panel + 1);
    for (int t = 0; t < T; ++t) {
      float* place = out.data + (group.first_row + t) * out.stride + panel / 2 * kPanelRows;
      store(place, swiglu(acc[0][t] + gate_bias, acc[1][t] + up_bias, limit));
    }
  }
};

// The group's size as a constant.
template <int P, int T = kMaxTokens, class Kernel>
void run_group(const Kernel& kernel, const Panels& panels, int64_t panel, const TokenGroup& group,
               const uint8_t* data) {
  if constexpr (T > 1) {
    if (group.num_rows != T) return run_group<P, T - 1>(kernel, panels, panel, group, data);
  }
  kernel.template operator()<T, P>(panels, panel, group, data + group.offset);
}

template <int P, class Kernel>
void run_groups(const Kernel& kernel, const Panels& panels, int64_t panel, const TokenGroups& x) {
  for (int64_t g = 0; g < x.num_groups; ++g) run_group<P>(kernel, panels, panel, x.groups[g], x.data);
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
