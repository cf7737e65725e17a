// Runs every test under every instruction set this CPU has; an argument keeps only the tests whose name contains it.
#include <cstdio>
#include <cstring>

#include "check.h"
#include "isa.h"

namespace ossian::test {
namespace {

int num_failures = 0;

void run_all(const char* filter) {
  for (const Test& test : all_tests()) {
    if (std::strstr(test.name, filter) == nullptr) continue;
    const int before = num_failures;
    test.run();
    std::printf("%s %s [%s]\n", num_failures == before ? "ok  " : "FAIL", test.name, name_of(current_isa()).data());
  }
}

}  // namespace

std::vector<Test>& all_tests() {
  static std::vector<Test> tests;
  return tests;
}

void fail(const char* file, int line, const std::string& what) {
  ++num_failures;
  std::printf("%s:%d: %s\n", file, line, what.c_str());
}

}  // namespace ossian::test

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // a crash must not hide which test it was
  for (ossian::Isa isa : ossian::kAllIsas) {
    if (!ossian::is_supported(isa)) continue;
    ossian::set_isa(isa);
    ossian::test::run_all(argc > 1 ? argv[1] : "");
  }
  std::printf("%d failure(s)\n", ossian::test::num_failures);
  return ossian::test::num_failures == 0 ? 0 : 1;
}
