// The instruction sets the kernels are compiled for, and the one in use.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ossian {

enum class Isa { scalar, avx2, avx512 };

inline constexpr Isa kAllIsas[] = {Isa::scalar, Isa::avx2, Isa::avx512};

std::string_view name_of(Isa isa);

// Whether this build has kernels for `isa` and this CPU can run them.
bool is_supported(Isa isa);

// The instruction set in use: OSSIAN_ISA when set, else the best supported one.
// Throws std::invalid_argument when OSSIAN_ISA is unknown or not supported here.
Isa current_isa();

// Switch at run time (tests and benchmarks). Throws std::invalid_argument as above. Not while kernels run.
void set_isa(std::string_view name);
void set_isa(Isa isa);

// Names of the CPU features that matter to us and that this CPU has, for `ossian doctor`.
std::vector<std::string> cpu_features();

}  // namespace ossian
