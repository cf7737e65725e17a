// The kernels behind linear() and moe(): activations into groups, groups times panels.
#pragma once

#include <cstdint>

#include "kernel_table.h"
#include "panel.h"
#include "token_group.h"

namespace ossian {

struct MatmulOutput {
  float* data;
  int64_t stride;   // in floats, from one token to the next
  bool accumulate;  // add to what is there
};

// rows[0 … num_rows) are tokens of x: [*, num_cols]
using FillGroup = void (*)(const float* x, const int32_t* rows, int32_t num_rows, int64_t num_cols, uint8_t* group);

// out[t, 16 p + r] = group t · panel row r + bias, for the panels p in [begin, end).
using MultiplyPanels = void (*)(const Panels& panels, const TokenGroups& x, int64_t begin, int64_t end,
                                const MatmulOutput& out);

// Panels come in pairs: gate rows, then up rows.  out[t, 16 p + r] = swiglu(gate, up), for the pairs p in [begin, end).
using MultiplyGateUp = void (*)(const Panels& panels, const TokenGroups& x, int64_t begin, int64_t end, float limit,
                                const MatmulOutput& out);

// out += Σ_i weights[i] · rows[slots[i]], i in order.  rows: [*, size]
using AddWeighted = void (*)(const float* rows, const int32_t* slots, const float* weights, int64_t num_slots,
                             int64_t size, float* out);

struct MatmulKernels {
  int32_t max_group_rows;
  FillGroup quantize_for_int8;
  FillGroup quantize_for_mxfp4;
  FillGroup round_to_bf16;
  MultiplyPanels int8;
  MultiplyPanels bf16;
  MultiplyPanels mxfp4;
  MultiplyPanels mxfp4_exact;
  MultiplyGateUp gate_up;
  MultiplyGateUp gate_up_exact;
  AddWeighted add_weighted;
};
OSSIAN_KERNEL_TABLE(MatmulKernels, matmul_kernels);

}  // namespace ossian
