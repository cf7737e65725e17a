#include "thread_pool.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "cpu_quota.h"

namespace ossian {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kSpin = std::chrono::microseconds(50);
constexpr int kMaxNumThreads = 1024;

void pause() {
#ifdef OSSIAN_X86
  __builtin_ia32_pause();
#endif
}

// Spin until `done()` or the time is up; whether it was done.
template <class Done>
bool spin(const Done& done) {
  const auto deadline = Clock::now() + kSpin;
  do {
    for (int i = 0; i < 64; ++i) {
      if (done()) return true;
      pause();
    }
  } while (Clock::now() < deadline);
  return false;
}

thread_local bool is_inside_job = false;

class ThreadPool {
 public:
  explicit ThreadPool(int num_threads) : shares_(num_threads) {
    workers_.reserve(num_threads);
    try {
      for (int i = 1; i < num_threads; ++i) workers_.emplace_back([this, i] { work(i); });
    } catch (const std::system_error&) {
      stop();
      const std::string started = std::to_string(workers_.size() + 1);
      throw std::runtime_error("num_threads is " + std::to_string(num_threads) + ", and the system let only " +
                               started + " threads start; ask for at most " + started +
                               " (engine.num_threads), or raise the system's limits on threads and memory");
    }
  }

  ~ThreadPool() { stop(); }

  int num_threads() const { return static_cast<int>(workers_.size()) + 1; }

  void run(int64_t n, int64_t chunk, RunChunk run, const void* function) {
    const auto num_chunks = static_cast<uint32_t>((n + chunk - 1) / chunk);
    run_.store(run, std::memory_order_relaxed);
    function_.store(function, std::memory_order_relaxed);
    n_.store(n, std::memory_order_relaxed);
    chunk_.store(chunk, std::memory_order_relaxed);
    num_done_.store(0, std::memory_order_relaxed);
    run_chunks(publish(num_chunks), 0);
    const auto is_done = [&] { return num_done_.load(std::memory_order_acquire) == num_chunks; };
    if (spin(is_done)) return;
    for (uint32_t done; (done = num_done_.load(std::memory_order_acquire)) != num_chunks;) num_done_.wait(done);
  }

 private:
  void stop() {
    stopping_.store(true);
    publish(0);
    for (std::thread& worker : workers_) worker.join();
  }

  // What is left of one thread's share of a job, in one word so that a claim succeeds only against the job whose fields
  // were read: the job's epoch in the upper half, the number of unclaimed chunks in the lower.
  struct alignas(64) Share {
    std::atomic<uint64_t> ticket{0};
  };
  static uint64_t ticket(uint32_t epoch, uint32_t unclaimed) { return uint64_t{epoch} << 32 | unclaimed; }
  static uint32_t epoch_of(uint64_t ticket) { return static_cast<uint32_t>(ticket >> 32); }
  static uint32_t unclaimed_in(uint64_t ticket) { return static_cast<uint32_t>(ticket); }

  // Share s is the chunks [first_chunk(s), first_chunk(s + 1)).
  int64_t first_chunk(int64_t num_chunks, size_t share) const {
    return num_chunks * static_cast<int64_t>(share) / std::ssize(shares_);
  }

  uint32_t publish(int64_t num_chunks) {
    const uint32_t epoch = epoch_.load(std::memory_order_relaxed) + 1;
    for (size_t s = 0; s < shares_.size(); ++s) {
      const auto size = static_cast<uint32_t>(first_chunk(num_chunks, s + 1) - first_chunk(num_chunks, s));
      shares_[s].ticket.store(ticket(epoch, size), std::memory_order_release);
    }
    epoch_.store(epoch, std::memory_order_seq_cst);
    if (num_sleeping_.load(std::memory_order_seq_cst) != 0) epoch_.notify_all();
    return epoch;
  }

  // Run what is left of job `epoch`: thread `thread`'s own share, then the others'.
  void run_chunks(uint32_t epoch, size_t thread) {
    is_inside_job = true;
    for (size_t s = 0; s < shares_.size(); ++s) run_share(epoch, (thread + s) % shares_.size());
    is_inside_job = false;
  }

  // Claim and run chunks of a share until none is left.
  void run_share(uint32_t epoch, size_t share) {
    std::atomic<uint64_t>& ticket = shares_[share].ticket;
    uint64_t current = ticket.load(std::memory_order_acquire);
    while (epoch_of(current) == epoch && unclaimed_in(current) != 0) {
      const RunChunk run = run_.load(std::memory_order_relaxed);
      const void* function = function_.load(std::memory_order_relaxed);
      const int64_t n = n_.load(std::memory_order_relaxed);
      const int64_t chunk = chunk_.load(std::memory_order_relaxed);
      if (!ticket.compare_exchange_weak(current, current - 1, std::memory_order_acq_rel)) continue;
      // The claim went through, so the job was still on offer and its fields are those just read.
      const int64_t num_chunks = (n + chunk - 1) / chunk;
      const int64_t begin = (first_chunk(num_chunks, share + 1) - unclaimed_in(current)) * chunk;
      run(function, begin, std::min(n, begin + chunk));
      finish_chunk(static_cast<uint32_t>(num_chunks));
      current = ticket.load(std::memory_order_acquire);
    }
  }

  void finish_chunk(uint32_t num_chunks) {
    if (num_done_.fetch_add(1, std::memory_order_acq_rel) + 1 == num_chunks) num_done_.notify_one();
  }

  void work(size_t thread) {
    uint32_t seen = 0;
    while (!stopping_.load(std::memory_order_acquire)) {
      const auto has_news = [&] { return epoch_.load(std::memory_order_acquire) != seen; };
      if (!spin(has_news)) {
        num_sleeping_.fetch_add(1, std::memory_order_seq_cst);
        epoch_.wait(seen, std::memory_order_seq_cst);
        num_sleeping_.fetch_sub(1, std::memory_order_seq_cst);
      }
      seen = epoch_.load(std::memory_order_acquire);
      run_chunks(seen, thread);
    }
  }

  alignas(64) std::atomic<uint32_t> epoch_{0};
  std::atomic<uint32_t> num_sleeping_{0};
  std::atomic<bool> stopping_{false};
  alignas(64) std::atomic<uint32_t> num_done_{0};
  alignas(64) std::atomic<RunChunk> run_{nullptr};
  std::atomic<const void*> function_{nullptr};
  std::atomic<int64_t> n_{0};
  std::atomic<int64_t> chunk_{1};
  std::vector<Share> shares_;  // one a thread; the caller's is the first
  std::vector<std::thread> workers_;
};

// Owns the pool and lets one job in at a time.
struct Gate {
  std::mutex mutex;
  std::unique_ptr<ThreadPool> pool;
  int wanted = 0;  // 0: the CPU quota

  ThreadPool& get() {
    if (!pool) pool = std::make_unique<ThreadPool>(wanted == 0 ? cpu_quota() : wanted);
    return *pool;
  }
};

// Never destroyed: workers may outlive static destruction, and a forked child must not join its parent's threads.
Gate* gate = nullptr;

void start_anew_in_child() {
  const int wanted = gate->wanted;
  gate = new Gate;
  gate->wanted = wanted;
}

Gate& the_gate() {
  static const bool is_ready = [] {
    gate = new Gate;
    pthread_atfork(nullptr, nullptr, start_anew_in_child);
    return true;
  }();
  static_cast<void>(is_ready);
  return *gate;
}

}  // namespace

int num_threads() {
  Gate& the = the_gate();
  const std::lock_guard lock(the.mutex);
  return the.get().num_threads();
}

void set_num_threads(int num_threads) {
  if (num_threads < 0 || num_threads > kMaxNumThreads) {
    throw std::invalid_argument("num_threads is " + std::to_string(num_threads) + "; it must be 0 (the CPU quota) to " +
                                std::to_string(kMaxNumThreads));
  }
  Gate& the = the_gate();
  const std::lock_guard lock(the.mutex);
  the.wanted = num_threads;
  the.pool.reset();
}

int64_t chunk_size(int64_t n, int64_t largest) {
  constexpr int64_t kChunksPerThread = 4;
  if (is_inside_job) return largest;
  return std::clamp(n / (kChunksPerThread * num_threads()), int64_t{1}, largest);
}

void run_parallel(int64_t n, int64_t chunk, RunChunk run, const void* function) {
  if (n <= 0) return;
  // A chunk number must fit the lower half of a ticket.
  chunk = std::max({int64_t{1}, chunk, n / std::numeric_limits<int32_t>::max() + 1});
  if (is_inside_job || n <= chunk) {
    for (int64_t begin = 0; begin < n; begin += chunk) run(function, begin, std::min(n, begin + chunk));
    return;
  }
  Gate& the = the_gate();
  const std::lock_guard lock(the.mutex);
  the.get().run(n, chunk, run, function);
}

}  // namespace ossian
