#include "../attention.h"

#include "../simd_math.h"
#include "attention_span.h"

namespace ossian::OSSIAN_ISA_NS {
namespace {

// Rows are query heads. A register tile's shape does not show in the results, because a row is reduced in one order
// whatever rows are beside it.

// One query's running softmax for some rows.
struct Rows {
  const float* q;  // [head_dim, rows], scaled
  float* out;      // [rows, head_dim], to be divided by the sum
  float* sums;     // [rows, kLanes]
  float* maxima;   // [rows]
};

// scores[row][lane] = q[row] · keys[lane], summed over the head's dimensions in order.
template <int R, int C>
void score(const float* q, const uint16_t* keys, int64_t head_dim, int64_t block_size, const uint16_t* keys_ahead,
           float* scores) {
  f32x16 sums[R][C];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (int c = 0; c < C; ++c) sums[r][c] = zero_f32();
  for (int64_t d = 0; d < head_dim; ++d, q += R, keys += block_size, keys_ahead += block_size) {
    __builtin_prefetch(keys_ahead);
    f32x16 k[C];
#pragma GCC unroll 2
    for (int c = 0; c < C; ++c) k[c] = load_bf16(keys + c * kLanes);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
      for (int c = 0; c < C; ++c) sums[r][c] = fma(splat(q[r]), k[c], sums[r][c]);
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (int c = 0; c < C; ++c) store(scores + r * kMaxSpan + c * kLanes, sums[r][c]);
}

template <int R>
void score_span(const AttentionTile& tile, const Span& span, const Span& next, Lanes lanes, const float* q,
                float* scores) {
  for (int64_t lane = lanes.first_column(); lane < lanes.last_column();) {
    const uint16_t* keys_ahead = ahead_of(span, next, lane).keys_at(lane);
    if (min(lanes.last_column(), span.piece_end(lane)) - lane >= kMaxColumns * kLanes) {
      score<R, kMaxColumns>(q, span.keys_at(lane), tile.head_dim, tile.block_size, keys_ahead, scores + lane);
      lane += kMaxColumns * kLanes;
    } else {
      score<R, 1>(q, span.keys_at(lane), tile.head_dim, tile.block_size, keys_ahead, scores + lane);
      lane += kLanes;
    }
  }
}

void scale(float* values, int64_t size, float factor) {
  for (int64_t i = 0; i < size; i += kLanes) store(values + i, load(values + i) * splat(factor));
}

// Scores become weights exp(score - maximum); what was summed under an older maximum is scaled down to the new one.
void soften(Lanes lanes, float* scores, float* maximum, float* sums, float* out, int64_t head_dim) {
  f32x16 best = load(scores + lanes.first_column());
  for (int64_t lane = lanes.first_column() + kLanes; lane < lanes.last_column(); lane += kLanes)
    best = max(best, load(scores + lane));
  const float top = reduce_max(best);
  if (top > *maximum) {
    alignas(64) float factor[kLanes];
    store(factor, exp(splat(*maximum - top)));
    scale(out, head_dim, factor[0]);
    scale(sums, kLanes, factor[0]);
    *maximum = top;
  }
  f32x16 sum = load(sums);
  for (int64_t lane = lanes.first_column(); lane < lanes.last_column(); lane += kLanes) {
    const f32x16 weights = exp(load(scores + lane) - splat(*maximum));
    store(scores + lane, weights);
    sum = sum + weights;
  }
  store(sums, sum);
}

// out[row] += weights[row][lane] * values[lane], lane after lane, for C vectors of the head's dimensions.
template <int R, int C>
void add_values(const Span& span, const Span& next, Lanes lanes, const float* weights, int64_t d, int64_t head_dim,
                float* out) {
  f32x16 sums[R][C];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (int c = 0; c < C; ++c) sums[r][c] = load(out + r * head_dim + d + c * kLanes);
  for (int64_t lane = lanes.begin; lane < lanes.end;) {
    const int64_t piece_end = min(lanes.end, span.piece_end(lane));
    const uint16_t* values = span.values_at(lane, head_dim) + d;
    const uint16_t* values_ahead = ahead_of(span, next, lane).values_at(lane, head_dim) + d;
    for (; lane < piece_end; ++lane, values += head_dim, values_ahead += head_dim) {
      __builtin_prefetch(values_ahead);
      f32x16 v[C];
#pragma GCC unroll 2
      for (int c = 0; c < C; ++c) v[c] = load_bf16(values + c * kLanes);
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
        for (int c = 0; c < C; ++c) sums[r][c] = fma(splat(weights[r * kMaxSpan + lane]), v[c], sums[r][c]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (int c = 0; c < C; ++c) store(out + r * head_dim + d + c * kLanes, sums[r][c]);
}

template <int R>
void attend_rows(const AttentionTile& tile, const Span& span, const Span& next, Lanes lanes, const Rows& rows,
                 float* scores) {
  const int64_t head_dim = tile.head_dim;
  score_span<R>(tile, span, next, lanes, rows.q, scores);
  for (int r = 0; r < R; ++r) {
    hide_unseen(lanes, scores + r * kMaxSpan);
    soften(lanes, scores + r * kMaxSpan, rows.maxima + r, rows.sums + r * kLanes, rows.out + r * head_dim, head_dim);
  }
  int64_t d = 0;
  for (; d + kMaxColumns * kLanes <= head_dim; d += kMaxColumns * kLanes)
    add_values<R, kMaxColumns>(span, next, lanes, scores, d, head_dim, rows.out);
  for (; d < head_dim; d += kLanes) add_values<R, 1>(span, next, lanes, scores, d, head_dim, rows.out);
}

void attend_some(const AttentionTile& tile, const Span& span, const Span& next, Lanes lanes, int64_t num_rows,
                 const Rows& rows, float* scores) {
  switch (num_rows) {
    case 8:
      return attend_rows<kMaxRows>(tile, span, next, lanes, rows, scores);
    case 4:
      return attend_rows<4>(tile, span, next, lanes, rows, scores);
    case 2:
      return attend_rows<2>(tile, span, next, lanes, rows, scores);
    default:
      return attend_rows<1>(tile, span, next, lanes, rows, scores);
  }
}

// A tile's part of the scratch memory: [kTileQueries, kTileHeads] times what attention_scratch_size says.
struct Scratch {
  explicit Scratch(const AttentionTile& tile)
      : head_dim(tile.head_dim),
        q(tile.scratch),
        out(q + kTileQueries * kTileHeads * head_dim),
        sums(out + kTileQueries * kTileHeads * head_dim),
        maxima(sums + kTileQueries * kTileHeads * kLanes),
        scores(maxima + kTileQueries * kTileHeads) {}

  Rows rows(int64_t query, int64_t head) const {
    const int64_t row = query * kTileHeads + head;
    return {q + row * head_dim, out + row * head_dim, sums + row * kLanes, maxima + row};
  }

  int64_t head_dim;
  float* q;
  float* out;
  float* sums;
  float* maxima;
  float* scores;
};

// q is scaled and laid out for score(); the sink is the softmax's first term, with a value of 0.
void begin_rows(const AttentionTile& tile, const Scratch& scratch, int64_t query, int64_t head, int64_t num_rows) {
  const int64_t head_dim = scratch.head_dim;
  const Rows rows = scratch.rows(query, head);
  const float scale = 1.0F / __builtin_sqrtf(static_cast<float>(head_dim));
  float* packed = scratch.q + (query * kTileHeads + head) * head_dim;
  for (int64_t r = 0; r < num_rows; ++r) {
    const float* q = tile.q + query * tile.q_stride + (head + r) * head_dim;
    for (int64_t d = 0; d < head_dim; ++d) packed[d * num_rows + r] = q[d] * scale;
    for (int64_t d = 0; d < head_dim; ++d) rows.out[r * head_dim + d] = 0.0F;
    for (int64_t lane = 0; lane < kLanes; ++lane) rows.sums[r * kLanes + lane] = lane == 0 ? 1.0F : 0.0F;
    rows.maxima[r] = tile.sinks[head + r];
  }
}

void finish_row(const AttentionTile& tile, const Scratch& scratch, int64_t query, int64_t head) {
  const Rows row = scratch.rows(query, head);
  const f32x16 sum = splat(reduce_add(load(row.sums)));
  float* out = tile.out + query * tile.out_stride + head * scratch.head_dim;
  for (int64_t d = 0; d < scratch.head_dim; d += kLanes) store(out + d, load(row.out + d) / sum);
}

void attend_query(const AttentionTile& tile, const Scratch& scratch, const Span& span, const Span& next,
                  int64_t query) {
  const int64_t position = tile.first_position + query;
  const Lanes lanes = visible_lanes(tile, span.begin, position);
  if (lanes.begin >= lanes.end) return;
  for (int64_t head = 0; head < tile.num_heads;) {
    const int64_t num_rows = next_rows(tile.num_heads - head);
    attend_some(tile, span, next, lanes, num_rows, scratch.rows(query, head), scratch.scores);
    head += num_rows;
  }
}

void attend(const AttentionTile& tile) {
  const Scratch scratch(tile);
  for (int64_t query = 0; query < tile.num_queries; ++query)
    for (int64_t head = 0; head < tile.num_heads; head += next_rows(tile.num_heads - head))
      begin_rows(tile, scratch, query, head, next_rows(tile.num_heads - head));
  const int64_t first = first_visible(tile, tile.first_position);
  const int64_t last = tile.first_position + tile.num_queries - 1;
  Span span = find_span(tile, first / tile.span_size * tile.span_size, first, last);
  while (span.begin <= last) {
    const Span next = find_span(tile, span.begin + tile.span_size, first, last);
    for (int64_t query = 0; query < tile.num_queries; ++query) attend_query(tile, scratch, span, next, query);
    span = next;
  }
  for (int64_t query = 0; query < tile.num_queries; ++query)
    for (int64_t head = 0; head < tile.num_heads; ++head) finish_row(tile, scratch, query, head);
}

}  // namespace

const AttentionKernels attention_kernels{attend};

}  // namespace ossian::OSSIAN_ISA_NS
