#include "isa.h"

#include <stdexcept>
#include <string>

#include "check.h"

using namespace ossian;
using namespace ossian::test;

TEST(set_isa_takes_every_supported_name) {
  const Isa before = current_isa();
  for (const Isa isa : kAllIsas) {
    if (!is_supported(isa)) continue;
    set_isa(name_of(isa));
    CHECK(current_isa() == isa);
  }
  set_isa(before);
}

TEST(set_isa_rejects_unknown_names) {
  for (const char* bad : {"", "AVX2", "neon"}) {
    CHECK(throws<std::invalid_argument>([&] { set_isa(std::string_view(bad)); }, "must be avx512, avx2 or scalar"));
  }
}

TEST(set_isa_rejects_what_this_cpu_lacks) {
  for (const Isa isa : kAllIsas) {
    if (is_supported(isa)) continue;
    CHECK(throws<std::invalid_argument>([&] { set_isa(name_of(isa)); }, "does not support"));
  }
}
