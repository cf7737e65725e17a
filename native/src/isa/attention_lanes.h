// Which keys of a span a query sees, and how many heads are taken together. Part of attention.cpp and
// fixed_attention.cpp.
#pragma once

#include "../attention.h"
#include "../simd.h"

namespace ossian::OSSIAN_ISA_NS {
namespace {

// A register tile holds kMaxRows x kMaxColumns vectors of sums.
#if defined(OSSIAN_ISA_AVX512)
constexpr int kMaxRows = 8;
constexpr int kMaxColumns = 2;
#else
constexpr int kMaxRows = 4;
constexpr int kMaxColumns = 1;
#endif

// A tile's heads are taken kMaxRows at a time, then 4, 2 or 1.
inline int64_t next_rows(int64_t num_heads) {
  if (num_heads >= kMaxRows) return kMaxRows;
  return num_heads >= 4 ? 4 : num_heads >= 2 ? 2 : 1;
}

inline int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t max(int64_t a, int64_t b) { return a > b ? a : b; }

// The lanes of a span that a query sees, and the vectors they lie in: [first_column, last_column).
struct Lanes {
  int64_t begin;
  int64_t end;
  int64_t first_column() const { return begin / kLanes * kLanes; }
  int64_t last_column() const { return (end + kLanes - 1) / kLanes * kLanes; }
};

inline int64_t first_visible(const AttentionTile& tile, int64_t position) {
  return max(0, position - tile.sliding_window + 1);
}

// None when end <= begin.
inline Lanes visible_lanes(const AttentionTile& tile, int64_t span_begin, int64_t position) {
  return {max(0, first_visible(tile, position) - span_begin), min(tile.span_size, position + 1 - span_begin)};
}

inline void hide_unseen(Lanes lanes, float* scores) {
  for (int64_t lane = lanes.first_column(); lane < lanes.begin; ++lane) scores[lane] = -__builtin_inff();
  for (int64_t lane = lanes.end; lane < lanes.last_column(); ++lane) scores[lane] = -__builtin_inff();
}

}  // namespace
}  // namespace ossian::OSSIAN_ISA_NS
