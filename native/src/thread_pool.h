// The one thread pool. A kernel's driver splits its work with parallel_for; the caller works too.
//
// Work is cut into chunks. Each thread claims those of its own share, one consecutive part of all, in order, so that
// what it reads is one stream; then it helps with the others' shares, so that a preempted or sleeping worker never
// holds them up. Which thread runs a chunk must not change its result: kernels write disjoint outputs and never reduce
// across chunks, hence results do not depend on the number of threads.
//
// Between jobs workers spin for some tens of microseconds, so that the next kernel of a step starts within a
// microsecond, then sleep. Jobs from several threads run one after another; a parallel_for inside a chunk runs inline.
// After fork() the child starts workers of its own at its first job (the parent must not be inside a job).
#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>

namespace ossian {

// Number of threads parallel_for uses, the caller included; starts them if need be. Throws std::runtime_error when the
// system does not let so many start.
int num_threads();

// 0 means the CPU quota. Waits for the running job. Throws std::invalid_argument outside [0, 1024].
void set_num_threads(int num_threads);

// How many of n items make a chunk: at most `largest`, and so few that each thread has several chunks.
int64_t chunk_size(int64_t n, int64_t largest);

using RunChunk = void (*)(const void* function, int64_t begin, int64_t end);

void run_parallel(int64_t n, int64_t chunk, RunChunk run, const void* function);

// Call f(begin, end) for ranges of at most `chunk` items that together cover [0, n), and return when all are done.
// f must not throw: other threads could still be at work with what the caller would give up.
template <class F>
void parallel_for(int64_t n, int64_t chunk, const F& f) {
  static_assert(std::is_invocable_v<const F&, int64_t, int64_t>);
  run_parallel(
      n, chunk,
      [](const void* function, int64_t begin, int64_t end) noexcept { (*static_cast<const F*>(function))(begin, end); },
      std::addressof(f));
}

}  // namespace ossian
