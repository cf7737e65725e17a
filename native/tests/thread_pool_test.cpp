#include "thread_pool.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <utility>

#include "check.h"
#include "cpu_quota.h"

using namespace ossian;
using namespace ossian::test;

namespace {

// How often each of n items was visited, in chunks of at most `chunk`.
std::vector<int> visits(int64_t n, int64_t chunk) {
  std::vector<std::atomic<int>> counts(n);
  parallel_for(n, chunk, [&](int64_t begin, int64_t end) {
    CHECK(begin < end && (end - begin <= chunk));
    for (int64_t i = begin; i < end; ++i) ++counts[i];
  });
  return {counts.begin(), counts.end()};
}

}  // namespace

TEST(chunks_are_smaller_where_many_threads_share_few_items) {
  for (const auto& [threads, size] : {std::pair{1, 4}, {8, 4}, {16, 2}, {64, 1}}) {
    set_num_threads(threads);
    CHECK(chunk_size(180, 4) == size);
  }
  parallel_for(2, 1, [](int64_t, int64_t) { CHECK(chunk_size(180, 4) == 4); });  // it is not cut again
  set_num_threads(0);
}

TEST(parallel_for_visits_every_item_once) {
  for (const int threads : {1, 2, 3, 5}) {
    set_num_threads(threads);
    CHECK(num_threads() == threads);
    for (const int64_t n : {0, 1, 2, 7, 64, 1000}) {
      for (const int64_t chunk : {1, 3, 64}) CHECK_SAME(visits(n, chunk), std::vector<int>(n, 1));
    }
  }
  set_num_threads(0);
}

TEST(parallel_for_runs_many_small_jobs) {
  set_num_threads(3);
  std::atomic<int64_t> sum{0};
  for (int job = 0; job < 2000; ++job) parallel_for(5, 1, [&](int64_t begin, int64_t) { sum += begin; });
  CHECK(sum == 2000 * 10);
  set_num_threads(0);
}

TEST(parallel_for_helps_with_the_share_of_a_slow_thread) {
  set_num_threads(2);
  std::atomic<int> num_done{0};
  parallel_for(64, 1, [&](int64_t begin, int64_t) {
    while (begin == 0 && num_done != 63) std::this_thread::yield();  // for ever, if nobody takes over the rest
    ++num_done;
  });
  CHECK(num_done == 64);
  set_num_threads(0);
}

TEST(parallel_for_gives_each_thread_consecutive_chunks) {
  set_num_threads(2);
  std::vector<std::thread::id> threads(64);
  std::atomic<int> num_started{0};
  parallel_for(64, 1, [&](int64_t begin, int64_t) {
    threads[begin] = std::this_thread::get_id();
    ++num_started;
    while (num_started < 2) std::this_thread::yield();  // until both threads have taken part
  });
  CHECK(threads[0] != threads[32]);  // where the two shares begin
  set_num_threads(0);
}

TEST(parallel_for_wakes_sleeping_workers) {
  set_num_threads(2);
  for (int job = 0; job < 3; ++job) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // past the workers' spinning
    CHECK_SAME(visits(100, 1), std::vector<int>(100, 1));
  }
  set_num_threads(0);
}

TEST(parallel_for_inside_a_chunk_runs_inline) {
  set_num_threads(2);
  std::atomic<int> count{0};
  parallel_for(4, 1, [&](int64_t, int64_t) { parallel_for(4, 1, [&](int64_t, int64_t) { ++count; }); });
  CHECK(count == 16);
  set_num_threads(0);
}

TEST(parallel_for_takes_jobs_from_several_threads) {
  set_num_threads(2);
  std::atomic<int64_t> sum{0};
  const auto submit = [&] {
    for (int job = 0; job < 200; ++job) parallel_for(4, 1, [&](int64_t begin, int64_t) { sum += begin; });
  };
  std::thread other(submit);
  submit();
  other.join();
  CHECK(sum == 2 * 200 * 6);
  set_num_threads(0);
}

TEST(parallel_for_works_in_a_forked_child) {
  set_num_threads(2);
  visits(10, 1);
  const pid_t child = fork();
  if (child == 0) _exit(visits(100, 1) == std::vector<int>(100, 1) && num_threads() == 2 ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  set_num_threads(0);
}

TEST(set_num_threads_rejects_nonsense) {
  for (const int bad : {-1, 1025}) {
    CHECK(throws<std::invalid_argument>([&] { set_num_threads(bad); }, "num_threads is " + std::to_string(bad)));
  }
}

TEST(cpu_quota_reads_cgroup_limits) {
  CHECK(cpu_quota() >= 1);
  CHECK(parse_cpu_max("150000 100000") == 1.5);
  CHECK(parse_cpu_max("max 100000") == std::nullopt);
  CHECK(parse_cpu_max("-1 100000") == std::nullopt);
  CHECK(parse_cpu_max("") == std::nullopt);
  CHECK(parse_cpu_max("100000") == std::nullopt);
}
