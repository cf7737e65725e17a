// What this machine sustains: the roofs that decode and prefill live under.
#pragma once

#include <cstdint>

#include "kernel_table.h"

namespace ossian {

// Bytes read per second from memory by all threads together, over a few passes of `num_bytes` (use well more than the
// last-level cache).
double measure_read_bandwidth(int64_t num_bytes);

// int8 multiply-accumulates per second of all threads together, over a few passes.
double measure_int8_peak();

struct MeasureKernels {
  // Read num_bytes (a multiple of 512) as eight streams. The sum keeps the compiler from leaving the loads out.
  int32_t (*read)(const uint8_t* data, int64_t num_bytes);
  // num_steps (at most 2^14, so that no sum overflows) times 16 dots of 64 int8 products.
  int32_t (*dot)(int64_t num_steps);
};
OSSIAN_KERNEL_TABLE(MeasureKernels, measure_kernels);

inline constexpr int64_t kMacsPerDotStep = 16 * 64;

}  // namespace ossian
