#include "measure.h"

#include "check.h"

using namespace ossian;
using namespace ossian::test;

TEST(measurements_are_positive_and_finite) {
  const double bandwidth = measure_read_bandwidth(int64_t{8} << 20);
  const double peak = measure_int8_peak();
  CHECK(std::isfinite(bandwidth) && bandwidth > 0.0);
  CHECK(std::isfinite(peak) && peak > 0.0);
}
