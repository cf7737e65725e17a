#include "isa.h"

#include <atomic>
#include <cstdlib>
#include <stdexcept>

namespace ossian {
namespace {

constexpr int kUndecided = -1;
std::atomic<int> chosen{kUndecided};

Isa parse(std::string_view name, std::string_view source) {
  for (Isa isa : kAllIsas) {
    if (name == name_of(isa)) {
      if (is_supported(isa)) return isa;
      throw std::invalid_argument(std::string(source) + " is '" + std::string(name) +
                                  "', which this CPU or build does not support; unset it to use the best one");
    }
  }
  throw std::invalid_argument(std::string(source) + " is '" + std::string(name) +
                              "'; it must be avx512, avx2 or scalar (unset: the best one supported)");
}

Isa best() {
  if (is_supported(Isa::avx512)) return Isa::avx512;
  if (is_supported(Isa::avx2)) return Isa::avx2;
  return Isa::scalar;
}

Isa initial() {
  const char* forced = std::getenv("OSSIAN_ISA");
  return forced != nullptr && *forced != '\0' ? parse(forced, "OSSIAN_ISA") : best();
}

}  // namespace

std::string_view name_of(Isa isa) {
  switch (isa) {
    case Isa::avx512:
      return "avx512";
    case Isa::avx2:
      return "avx2";
    case Isa::scalar:
      break;
  }
  return "scalar";
}

Isa current_isa() {
  int isa = chosen.load(std::memory_order_relaxed);
  if (isa == kUndecided) {
    isa = static_cast<int>(initial());
    chosen.store(isa, std::memory_order_relaxed);
  }
  return static_cast<Isa>(isa);
}

void set_isa(std::string_view name) { set_isa(parse(name, "isa")); }

void set_isa(Isa isa) { chosen.store(static_cast<int>(isa), std::memory_order_relaxed); }

#ifdef OSSIAN_X86

// __builtin_cpu_supports also asks whether the operating system saves the registers. Its argument must be a literal.
bool is_supported(Isa isa) {
  switch (isa) {
    case Isa::avx512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512vnni") && is_supported(Isa::avx2);
    case Isa::avx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case Isa::scalar:
      break;
  }
  return true;
}

std::vector<std::string> cpu_features() {
  std::vector<std::string> names;
  const auto add = [&](bool has, const char* name) {
    if (has) names.emplace_back(name);
  };
  add(__builtin_cpu_supports("avx2"), "avx2");
  add(__builtin_cpu_supports("fma"), "fma");
  add(__builtin_cpu_supports("avx512f"), "avx512f");
  add(__builtin_cpu_supports("avx512bw"), "avx512bw");
  add(__builtin_cpu_supports("avx512dq"), "avx512dq");
  add(__builtin_cpu_supports("avx512vl"), "avx512vl");
  add(__builtin_cpu_supports("avx512vnni"), "avx512vnni");
  add(__builtin_cpu_supports("avx512vbmi"), "avx512vbmi");
  add(__builtin_cpu_supports("avx512bf16"), "avx512bf16");
  return names;
}

#else

bool is_supported(Isa isa) { return isa == Isa::scalar; }

std::vector<std::string> cpu_features() { return {}; }

#endif

}  // namespace ossian
