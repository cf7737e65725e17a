// Where a span of keys and values lies in the paged cache. Part of attention.cpp.
#pragma once

#include "attention_lanes.h"

namespace ossian::OSSIAN_ISA_NS {
namespace {

// The keys [begin, begin + span) in the pieces they lie in; offsets into the span are called lanes below.
struct Span {
  int64_t begin;
  int64_t piece_size;
  const uint16_t* keys[kMaxSpan / 16];    // [head_dim, block_size], the first lane's column
  const uint16_t* values[kMaxSpan / 16];  // [.., head_dim], the first lane's row

  // At a lane, which must be in a piece that some query sees.
  const uint16_t* keys_at(int64_t lane) const { return keys[lane / piece_size] + lane % piece_size; }
  const uint16_t* values_at(int64_t lane, int64_t head_dim) const {
    return values[lane / piece_size] + lane % piece_size * head_dim;
  }
  int64_t piece_end(int64_t lane) const { return (lane / piece_size + 1) * piece_size; }
};

// Only the pieces with a key in [first, last]; no query looks into the others.
Span find_span(const AttentionTile& tile, int64_t begin, int64_t first, int64_t last) {
  Span span{.begin = begin, .piece_size = min(tile.span_size, tile.block_size), .keys = {}, .values = {}};
  for (int64_t lane = 0; lane < tile.span_size; lane += span.piece_size) {
    const int64_t position = begin + lane;
    if (position + span.piece_size <= first || position > last) continue;
    const int64_t block = tile.block_table[position / tile.block_size] * tile.block_stride;
    const int64_t offset = position % tile.block_size;
    span.keys[lane / span.piece_size] = static_cast<const uint16_t*>(tile.keys) + block + offset;
    span.values[lane / span.piece_size] = static_cast<const uint16_t*>(tile.values) + block + offset * tile.head_dim;
  }
  return span;
}

// The span whose lane to fetch ahead while this one's is worked on: the next, or this one again where the next has
// none. Blocks lie anywhere, so the hardware cannot foresee them; and a decode, which uses each key once, would wait
// for all.
const Span& ahead_of(const Span& span, const Span& next, int64_t lane) {
  return next.keys[lane / next.piece_size] != nullptr ? next : span;
}

}  // namespace
}  // namespace ossian::OSSIAN_ISA_NS
