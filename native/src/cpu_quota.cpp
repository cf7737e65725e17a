#include "cpu_quota.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <thread>

namespace ossian {
namespace {

std::string read_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

int num_cpus_in_affinity_mask() {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
#endif
  return std::max(1u, std::thread::hardware_concurrency());
}

// This process's path inside the hierarchy: "" is the root. Lines read "id:controllers:path"; v2's is "0::path".
std::string cgroup_path(const std::string& controller) {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    if (controllers.find("," + controller + ",") == std::string::npos) continue;
    const std::string path = line.substr(second + 1);
    return path == "/" ? "" : path;
  }
  return "";
}

void lower(std::optional<double>& limit, std::optional<double> other) {
  if (other) limit = limit ? std::min(*limit, *other) : *other;
}

// A limit holds for all below it, so every ancestor counts. Inside a container the path may not exist; the root does.
template <class Read>
std::optional<double> tightest(std::string path, const Read& read) {
  std::optional<double> limit = read("");
  while (!path.empty()) {
    lower(limit, read(path));
    path.erase(path.rfind('/'));
  }
  return limit;
}

std::optional<double> cgroup_limit() {
  std::optional<double> limit = tightest(cgroup_path(""), [](const std::string& path) {
    return parse_cpu_max(read_line("/sys/fs/cgroup" + path + "/cpu.max"));
  });
  lower(limit, tightest(cgroup_path("cpu"), [](const std::string& path) {
          const std::string directory = "/sys/fs/cgroup/cpu" + path;
          return parse_cpu_max(read_line(directory + "/cpu.cfs_quota_us") + " " +
                               read_line(directory + "/cpu.cfs_period_us"));
        }));
  return limit;
}

}  // namespace

std::optional<double> parse_cpu_max(const std::string& text) {
  std::istringstream stream(text);
  double quota = 0;
  double period = 0;
  if (!(stream >> quota >> period) || quota <= 0 || period <= 0) return std::nullopt;
  return quota / period;
}

int cpu_quota() {
  const int num_cpus = num_cpus_in_affinity_mask();
  const std::optional<double> limit = cgroup_limit();
  return limit ? std::clamp(static_cast<int>(std::min(*limit, 1e6)), 1, num_cpus) : num_cpus;
}

}  // namespace ossian
