// Where a span of fixed-point keys and values lies in the paged cache. Part of fixed_attention.cpp.
#pragma once

#include "../simd_math.h"
#include "../simd_pairs.h"
#include "attention_lanes.h"

namespace ossian::OSSIAN_ISA_NS {
namespace {

// What one block has of a span's keys and values, from the piece's first token on.
template <class Item>
struct Piece {
  const Item* keys;              // [head_dim / 2, block_size, 2]
  const float* key_scales;       // [..]
  const Item* values;            // [.. / 2, head_dim, 2]
  const float* value_exponents;  // [..]
};

// The keys [begin, begin + span) in the pieces they lie in; offsets into the span are called lanes.
template <class Item>
struct Span {
  int64_t begin;
  int64_t piece_size;
  Piece<Item> pieces[kMaxSpan / 16];

  // The piece with this lane, from the lane on; some query must see a key in it.
  Piece<Item> at(int64_t lane, int64_t head_dim) const {
    const Piece<Item>& piece = pieces[lane / piece_size];
    const int64_t offset = lane % piece_size;
    return {piece.keys + 2 * offset, piece.key_scales + offset, piece.values + offset * head_dim,
            piece.value_exponents + offset};
  }
  int64_t piece_end(int64_t lane) const { return (lane / piece_size + 1) * piece_size; }
  bool has(int64_t lane) const { return pieces[lane / piece_size].keys != nullptr; }
};

template <class Item>
Piece<Item> find_piece(const AttentionTile& tile, int64_t position) {
  const int64_t block = tile.block_table[position / tile.block_size] * tile.block_stride;
  const int64_t offset = position % tile.block_size;
  const Item* keys = static_cast<const Item*>(tile.keys) + block;
  const Item* values = static_cast<const Item*>(tile.values) + block;
  const int64_t num_items = tile.block_size * tile.head_dim;  // the scales come after them
  return {keys + 2 * offset, reinterpret_cast<const float*>(keys + num_items) + offset, values + offset * tile.head_dim,
          reinterpret_cast<const float*>(values + num_items) + offset};
}

// Only the pieces with a key in [first, last]; no query looks into the others.
template <class Item>
Span<Item> find_span(const AttentionTile& tile, int64_t begin, int64_t first, int64_t last) {
  Span<Item> span{.begin = begin, .piece_size = min(tile.span_size, tile.block_size), .pieces = {}};
  for (int64_t lane = 0; lane < tile.span_size; lane += span.piece_size) {
    const int64_t position = begin + lane;
    if (position + span.piece_size <= first || position > last) continue;
    span.pieces[lane / span.piece_size] = find_piece<Item>(tile, position);
  }
  return span;
}

// What to fetch ahead while this lane is worked on: the next span's, or this again where the next has none. Blocks lie
// anywhere, so the hardware cannot foresee them; and a decode, which uses each key once, would wait for all.
template <class Item>
Piece<Item> ahead_of(const Span<Item>& span, const Span<Item>& next, int64_t lane, int64_t head_dim) {
  return (next.has(lane) ? next : span).at(lane, head_dim);
}

// What takes the values' scales out of their weights again: 2^-exponent.
template <class Item>
void invert_exponents(const Span<Item>& span, int64_t span_size, float* inverses) {
  for (int64_t lane = 0; lane < span_size; lane += kLanes) {
    if (!span.has(lane)) continue;
    const Piece<Item>& piece = span.pieces[lane / span.piece_size];
    store(inverses + lane, exp2(zero_f32() - load(piece.value_exponents + lane % span.piece_size)));
  }
}

}  // namespace
}  // namespace ossian::OSSIAN_ISA_NS
