// Which prefix of a ranking reaches a target, found without sorting.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

namespace ossian {

// An unsigned key that orders like the logit; both zeros get the same one.
inline uint32_t ranking_key(float logit) {
  const auto bits = std::bit_cast<uint32_t>(logit + 0.0F);
  return (bits >> 31) != 0 ? ~bits : bits | 0x80000000U;
}

struct RankedToken {
  uint32_t key;  // ranked by it, largest first, and by id among equals
  int32_t id;
  double mass;  // > 0
};

// The last token of a prefix of the ranking.
struct Cutoff {
  uint32_t key;
  int32_t id;
  bool keeps(uint32_t other_key, int32_t other_id) const {
    return other_key > key || (other_key == key && other_id <= id);
  }
};

// The shortest prefix, of one token or more, whose mass and `above` together reach `target`; all tokens when none does.
// tokens: in ascending order of id, not empty.
Cutoff shortest_prefix(std::span<const RankedToken> tokens, double above, double target);

// The bin, from the last to the first, in which the running sum of masses reaches the target: the lowest bin in use
// when none does. `above` grows by the bins passed over. One bin at least must be in use.
int64_t crossing_bin(std::span<const double> bins, double& above, double target);

}  // namespace ossian
