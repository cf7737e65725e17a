#include "sampling_select.h"

#include <algorithm>
#include <array>

namespace ossian {
namespace {

// Keys are narrowed down from the top, one digit after the other.
struct Digit {
  int shift;
  int num_bits;
};
constexpr std::array<Digit, 3> kDigits = {Digit{21, 11}, Digit{10, 11}, Digit{0, 10}};

// The masses, by digit, of the tokens that share `prefix` above it.
void fill_bins(std::span<const RankedToken> tokens, uint32_t prefix, Digit digit, std::span<double> bins) {
  std::fill(bins.begin(), bins.end(), 0.0);
  const uint32_t mask = (1U << digit.num_bits) - 1;
  const int prefix_shift = digit.shift + digit.num_bits;
  for (const RankedToken& token : tokens) {
    if ((uint64_t{token.key ^ prefix} >> prefix_shift) == 0) bins[(token.key >> digit.shift) & mask] += token.mass;
  }
}

}  // namespace

int64_t crossing_bin(std::span<const double> bins, double& above, double target) {
  int64_t lowest = 0;
  double above_lowest = above;
  double running = above;
  for (int64_t bin = std::ssize(bins) - 1; bin >= 0; --bin) {
    if (bins[bin] == 0.0) continue;
    lowest = bin;
    above_lowest = running;
    running += bins[bin];
    if (running >= target) break;
  }
  above = above_lowest;
  return lowest;
}

Cutoff shortest_prefix(std::span<const RankedToken> tokens, double above, double target) {
  static thread_local std::array<double, 2048> bins;
  Cutoff cutoff{0, -1};
  for (const Digit digit : kDigits) {
    fill_bins(tokens, cutoff.key, digit, bins);
    cutoff.key |= static_cast<uint32_t>(crossing_bin(bins, above, target)) << digit.shift;
  }
  for (const RankedToken& token : tokens) {
    if (token.key != cutoff.key) continue;
    cutoff.id = token.id;
    above += token.mass;
    if (above >= target) break;
  }
  return cutoff;
}

}  // namespace ossian
