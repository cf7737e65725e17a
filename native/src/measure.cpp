#include "measure.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>

#include "huge_buffer.h"
#include "thread_pool.h"

namespace ossian {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kPasses = 5;
constexpr int64_t kReadChunk = int64_t{4} << 20;
constexpr int64_t kNumDotChunks = 128;
constexpr int64_t kStepsPerDotChunk = 10'000;

std::atomic<int32_t> sink;  // results go somewhere

// amount / the time of a pass, after a first one that warms up.
template <class Pass>
double sustained_rate(double amount, const Pass& pass) {
  pass();
  const auto start = Clock::now();
  for (int i = 0; i < kPasses; ++i) pass();
  return amount * kPasses / std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

double measure_read_bandwidth(int64_t num_bytes) {
  const int64_t num_chunks = std::max<int64_t>(1, num_bytes / kReadChunk);
  const HugeBuffer buffer(num_chunks * kReadChunk);
  const MeasureKernels& kernels = OSSIAN_SELECT(measure_kernels);
  // Untouched pages all read the same page of zeros.
  parallel_for(num_chunks, 1,
               [&](int64_t chunk, int64_t) { std::memset(buffer.data() + chunk * kReadChunk, 1, kReadChunk); });
  return sustained_rate(static_cast<double>(buffer.size()), [&] {
    parallel_for(num_chunks, 1, [&](int64_t chunk, int64_t) {
      sink.store(kernels.read(buffer.data() + chunk * kReadChunk, kReadChunk), std::memory_order_relaxed);
    });
  });
}

double measure_int8_peak() {
  const MeasureKernels& kernels = OSSIAN_SELECT(measure_kernels);
  // The portable path is some two hundred times slower; a hundredth of the work still takes longer.
  const int64_t steps = current_isa() == Isa::scalar ? kStepsPerDotChunk / 100 : kStepsPerDotChunk;
  return sustained_rate(static_cast<double>(kNumDotChunks * steps * kMacsPerDotStep), [&] {
    parallel_for(kNumDotChunks, 1,
                 [&](int64_t, int64_t) { sink.store(kernels.dot(steps), std::memory_order_relaxed); });
  });
}

}  // namespace ossian
