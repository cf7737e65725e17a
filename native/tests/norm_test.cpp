#include "norm.h"

#include "check.h"
#include "norm_reference.h"

using namespace ossian;
using namespace ossian::test;

TEST(rms_norm_equals_reference) {
  for (const int64_t size : {1, 15, 16, 17, 64, 100, 2880}) {
    for (const int64_t num_tokens : {0, 1, 2, 3, 7, 17}) {
      const std::vector<float> x = random_floats(num_tokens * size, 1, 3.0f);
      const std::vector<float> weight = random_floats(size, 2);
      std::vector<float> out(x.size());
      std::vector<float> expected(x.size());
      rms_norm(x.data(), weight.data(), 1e-5f, num_tokens, size, out.data());
      for (int64_t t = 0; t < num_tokens; ++t) {
        reference::rms_norm(x.data() + t * size, weight.data(), 1e-5f, size, expected.data() + t * size);
      }
      CHECK_SAME(out, expected);
    }
  }
}

TEST(rms_norm_works_in_place) {
  std::vector<float> x = random_floats(3 * 64, 3);
  const std::vector<float> weight = random_floats(64, 4);
  std::vector<float> out(x.size());
  rms_norm(x.data(), weight.data(), 1e-5f, 3, 64, out.data());
  rms_norm(x.data(), weight.data(), 1e-5f, 3, 64, x.data());
  CHECK_SAME(x, out);
}
