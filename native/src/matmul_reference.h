// linear() and moe() in naive loops over the checkpoint's own layout, with the same arithmetic.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "lanes_reference.h"

namespace ossian::reference {

struct QuantizedBlock {
  int32_t values[32];
  float scale;
};

inline QuantizedBlock quantize(const float* x) {
  QuantizedBlock block{};
  float max = 0.0f;
  for (int i = 0; i < 32; ++i) {
    if (!std::isfinite(x[i])) return {{}, NAN};
    max = std::max(max, std::fabs(x[i]));
  }
  if (max < 0x1p-100f) return block;
  block.scale = max / 127.0f;
  for (int i = 0; i < 32; ++i) block.values[i] = static_cast<int32_t>(std::lrintf(x[i] * (127.0f / max)));
  return block;
}

// A weight's scale is bf16, rounded up; its values are divided by it.
inline QuantizedBlock quantize_weights(const uint16_t* weights) {
  float w[32];
  for (int i = 0; i < 32; ++i) w[i] = from_bf16(weights[i]);
  QuantizedBlock block = quantize(w);
  if (block.scale == 0.0f) return block;
  block.scale = std::bit_cast<float>((std::bit_cast<uint32_t>(block.scale) + 0xffff) & 0xffff0000u);
  for (int i = 0; i < 32; ++i) block.values[i] = static_cast<int32_t>(std::lrintf(w[i] / block.scale));
  return block;
}

inline float add_block(float acc, const QuantizedBlock& w, const QuantizedBlock& x) {
  int32_t sum = 0;
  for (int i = 0; i < 32; ++i) sum += w.values[i] * x.values[i];
  return std::fma(static_cast<float>(sum), w.scale * x.scale, acc);
}

inline float dot_int8(const float* x, const uint16_t* weights, int64_t size) {
  float acc = 0.0f;
  for (int64_t k = 0; k < size; k += 32) acc = add_block(acc, quantize_weights(weights + k), quantize(x + k));
  return acc;
}

inline float dot_bf16(const float* x, const uint16_t* weights, int64_t size) {
  float acc = 0.0f;
  for (int64_t k = 0; k < size; ++k) acc = std::fma(from_bf16(weights[k]), from_bf16(to_bf16(x[k])), acc);
  return acc;
}

// One row of MXFP4: 16 bytes and one scale byte for 32 values.
struct Mxfp4Row {
  const uint8_t* blocks;
  const uint8_t* scales;

  int nibble(int64_t k) const { return k % 2 == 0 ? blocks[k / 2] & 15 : blocks[k / 2] >> 4; }
  // Twice the E2M1 value.
  int doubled(int64_t k) const {
    static constexpr int kMagnitudes[8] = {0, 1, 2, 3, 4, 6, 8, 12};
    const int magnitude = kMagnitudes[nibble(k) & 7];
    return nibble(k) < 8 ? magnitude : -magnitude;
  }
  float half_scale(int64_t k) const { return std::ldexp(1.0f, scales[k / 32] - 128); }
  float value(int64_t k) const { return static_cast<float>(doubled(k)) * half_scale(k); }
};

inline float dot_mxfp4(const float* x, const Mxfp4Row& row, int64_t size) {
  float acc = 0.0f;
  for (int64_t k = 0; k < size; k += 32) {
    QuantizedBlock w{};
    for (int i = 0; i < 32; ++i) w.values[i] = row.doubled(k + i);
    w.scale = row.half_scale(k);
    acc = add_block(acc, w, quantize(x + k));
  }
  return acc;
}

inline float dot_mxfp4_exact(const float* x, const Mxfp4Row& row, int64_t size) {
  float acc = 0.0f;
  for (int64_t k = 0; k < size; k += 32) {
    float sum = 0.0f;
    for (int64_t i = k; i < k + 32; ++i) {
      sum = std::fma(static_cast<float>(row.doubled(i)), from_bf16(to_bf16(x[i])), sum);
    }
    acc = std::fma(sum, row.half_scale(k), acc);
  }
  return acc;
}

// The polynomial of simd_math.h.
inline float exp(float x) {
  if (!(x > -87.0f)) return 0.0f;
  x = std::min(x, 88.37f);
  const float n = std::nearbyintf(x * 1.44269504f);
  const float r = std::fma(n, 2.12194440e-4f, std::fma(n, -0.693359375f, x));
  float p = 1.9841270e-4f;
  for (const float c : {1.3888889e-3f, 8.3333333e-3f, 4.1666667e-2f, 1.6666667e-1f, 0.5f, 1.0f, 1.0f}) {
    p = std::fma(p, r, c);
  }
  return std::ldexp(p, static_cast<int>(n));
}

inline float swiglu(float gate, float up, float limit) {
  if (gate > limit) gate = limit;
  if (up > limit) up = limit;
  if (up < -limit) up = -limit;
  return gate * (1.0f / (1.0f + exp(-(1.702f * gate)))) * (up + 1.0f);
}

struct Experts {
  std::vector<uint8_t> gate_up_blocks, gate_up_scales, down_blocks, down_scales;
  std::vector<uint16_t> gate_up_bias, down_bias;
  int64_t num_experts, hidden_size, intermediate_size;

  Mxfp4Row gate_up_row(int64_t expert, int64_t row) const {
    const int64_t block = (expert * 2 * intermediate_size + row) * (hidden_size / 32);
    return {gate_up_blocks.data() + block * 16, gate_up_scales.data() + block};
  }
  Mxfp4Row down_row(int64_t expert, int64_t row) const {
    const int64_t block = (expert * hidden_size + row) * (intermediate_size / 32);
    return {down_blocks.data() + block * 16, down_scales.data() + block};
  }
};

// One expert's output for one token.
inline std::vector<float> run_expert(const Experts& experts, int64_t e, const float* x, float limit, bool exact) {
  const auto dot = exact ? dot_mxfp4_exact : dot_mxfp4;
  std::vector<float> hidden(experts.intermediate_size);
  for (int64_t j = 0; j < experts.intermediate_size; ++j) {
    const uint16_t* bias = experts.gate_up_bias.data() + 2 * (e * experts.intermediate_size + j);
    const float gate = dot(x, experts.gate_up_row(e, 2 * j), experts.hidden_size) + from_bf16(bias[0]);
    const float up = dot(x, experts.gate_up_row(e, 2 * j + 1), experts.hidden_size) + from_bf16(bias[1]);
    hidden[j] = swiglu(gate, up, limit);
  }
  std::vector<float> out(experts.hidden_size);
  for (int64_t i = 0; i < experts.hidden_size; ++i) {
    out[i] = dot(hidden.data(), experts.down_row(e, i), experts.intermediate_size) +
             from_bf16(experts.down_bias[e * experts.hidden_size + i]);
  }
  return out;
}

// out += Σ weight · expert(x), for one token.
inline void moe(const Experts& experts, const float* x, const int32_t* ids, const float* weights, int64_t k,
                float limit, bool exact, float* out) {
  std::vector<float> sum(experts.hidden_size);
  for (int64_t rank = 0; rank < k; ++rank) {
    const std::vector<float> y = run_expert(experts, ids[rank], x, limit, exact);
    for (size_t i = 0; i < sum.size(); ++i) sum[i] = std::fma(weights[rank], y[i], sum[i]);
  }
  for (size_t i = 0; i < sum.size(); ++i) out[i] += sum[i];
}

}  // namespace ossian::reference
