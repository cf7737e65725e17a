// How many threads this process may keep busy.
#pragma once

#include <optional>
#include <string>

namespace ossian {

// The smaller of the CPUs in the affinity mask and the cgroup CPU quota (v2 and v1) rounded down; at least 1.
int cpu_quota();

// "max 100000" or "150000 100000" (microseconds per period) as a number of CPUs; nothing when unlimited or malformed.
std::optional<double> parse_cpu_max(const std::string& text);

}  // namespace ossian
