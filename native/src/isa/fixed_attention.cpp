#include "../fixed_attention.h"

#include "fixed_span.h"

namespace ossian::OSSIAN_ISA_NS {
namespace {

// Rows are query heads. A register tile's shape does not show in the results, because the sums are exact.

constexpr float kLog2E = 1.44269504f;

// Some heads of one query, and their sums over the partition so far.
struct Rows {
  const int16_t* q;       // [head_dim / 2, rows, 2]
  const float* q_scales;  // [rows]
  float* lane_weights;    // [rows, kLanes]
  AttentionSums sums;     // without weights, which are lane_weights until the end
};

// A tile's scratch memory; see fixed_scratch_size.
struct Scratch {
  explicit Scratch(const AttentionTile& tile)
      : q(reinterpret_cast<int16_t*>(tile.scratch)),
        q_scales(tile.scratch + num_rows_of(tile) * tile.head_dim / 2),
        lane_weights(q_scales + num_rows_of(tile)),
        scores(lane_weights + num_rows_of(tile) * kLanes),
        weights(reinterpret_cast<int16_t*>(scores + kTileHeads * kMaxSpan)) {}

  static int64_t num_rows_of(const AttentionTile& tile) { return tile.num_queries * tile.num_heads; }

  int16_t* q;           // [rows of the tile, head_dim], in the order of Rows
  float* q_scales;      // [rows of the tile]
  float* lane_weights;  // [rows of the tile, kLanes]
  float* scores;        // [kTileHeads, kMaxSpan], base 2
  int16_t* weights;     // [kTileHeads, kMaxSpan]
};

// sums[row][column] += panel's column · x's row, over num_steps pairs. x has a step each kStep and a row each kRow.
template <int R, int C, int kStep, int kRow, class Item>
void multiply(const Item* panel, int64_t stride, int64_t num_steps, const int16_t* x, const Item* ahead,
              i32x16 (&sums)[R][C]) {
  for (int64_t step = 0; step < num_steps; ++step, panel += stride, ahead += stride, x += kStep) {
    i32x16 pairs[C];
    OSSIAN_UNROLL
    for (int c = 0; c < C; ++c) {
      __builtin_prefetch(ahead + 2 * kLanes * c);
      pairs[c] = load_pairs(panel + 2 * kLanes * c);
    }
    OSSIAN_UNROLL
    for (int r = 0; r < R; ++r) {
      const i32x16 pair = splat_pair(x + r * kRow);
      OSSIAN_UNROLL
      for (int c = 0; c < C; ++c) sums[r][c] = dot_pairs(sums[r][c], pairs[c], pair);
    }
  }
}

template <int R, int C>
void clear(i32x16 (&sums)[R][C]) {
  OSSIAN_UNROLL
  for (int r = 0; r < R; ++r) {
    OSSIAN_UNROLL
    for (int c = 0; c < C; ++c) sums[r][c] = splat_i32(0);
  }
}

// The scores of C vectors of keys, with the exponents of their values' scales.
template <int R, int C, class Item>
void score_columns(const AttentionTile& tile, const Piece<Item>& piece, const Piece<Item>& ahead, const Rows& rows,
                   float* scores) {
  i32x16 sums[R][C];
  clear(sums);
  multiply<R, C, 2 * R, 2>(piece.keys, 2 * tile.block_size, tile.head_dim / 2, rows.q, ahead.keys, sums);
  OSSIAN_UNROLL
  for (int c = 0; c < C; ++c) {
    __builtin_prefetch(ahead.key_scales + c * kLanes);
    __builtin_prefetch(ahead.value_exponents + c * kLanes);
    const f32x16 scales = load(piece.key_scales + c * kLanes);
    const f32x16 exponents = load(piece.value_exponents + c * kLanes);
    OSSIAN_UNROLL
    for (int r = 0; r < R; ++r) {
      store(scores + r * kMaxSpan + c * kLanes, fma(to_f32(sums[r][c]) * scales, splat(rows.q_scales[r]), exponents));
    }
  }
}

template <int R, class Item>
void score_span(const AttentionTile& tile, const Span<Item>& span, const Span<Item>& next, Lanes lanes,
                const Rows& rows, float* scores) {
  for (int64_t lane = lanes.first_column(); lane < lanes.last_column();) {
    const Piece<Item> piece = span.at(lane, tile.head_dim);
    const Piece<Item> ahead = ahead_of(span, next, lane, tile.head_dim);
    if (min(lanes.last_column(), span.piece_end(lane)) - lane >= kMaxColumns * kLanes) {
      score_columns<R, kMaxColumns>(tile, piece, ahead, rows, scores + lane);
      lane += kMaxColumns * kLanes;
    } else {
      score_columns<R, 1>(tile, piece, ahead, rows, scores + lane);
      lane += kLanes;
    }
  }
}

float highest(Lanes lanes, const float* scores) {
  f32x16 best = load(scores + lanes.first_column());
  for (int64_t lane = lanes.first_column() + kLanes; lane < lanes.last_column(); lane += kLanes)
    best = max(best, load(scores + lane));
  return reduce_max(best);
}

// Scores become weights 2^(score - top) in units of 2^-kWeightBits; returns what they weigh, lane by lane.
f32x16 weigh(Lanes lanes, const float* scores, const float* inverses, float top, int16_t* weights) {
  const bool is_whole = lanes.begin == lanes.first_column() && lanes.end == lanes.last_column();
  const f32x16 zero = splat(top - kWeightBits);
  f32x16 sum = zero_f32();
  for (int64_t lane = lanes.first_column(); lane < lanes.last_column(); lane += kLanes) {
    const f32x16 score = load(scores + lane);
    const f32x16 weight = exp2(score - zero);
    store_as_int16(weights + lane, round_to_i32(weight));
    const f32x16 grown = fma(weight, load(inverses + lane), sum);
    sum = is_whole ? grown : select(less(splat(-__builtin_inff()), score), grown, sum);
  }
  return sum;
}

// What the sums so far and the span's are to be multiplied with, for some rows.
struct Factors {
  alignas(64) float old[kLanes];
  alignas(64) float span[kLanes];
};

template <int R>
Factors soften(Lanes lanes, const float* inverses, const Rows& rows, float* scores, int16_t* weights) {
  alignas(64) float tops[kLanes] = {};
  for (int r = 0; r < R; ++r) tops[r] = highest(lanes, scores + r * kMaxSpan);
  const f32x16 before = load_first(rows.sums.maxima, R, 0.0f);
  const f32x16 now = max(load(tops), before);
  store_first(rows.sums.maxima, now, R);
  Factors factors;
  store(factors.old, exp2(before - now));
  store(factors.span, exp2(load(tops) - (now + splat(kWeightBits))));
  for (int r = 0; r < R; ++r) {
    const f32x16 sum = weigh(lanes, scores + r * kMaxSpan, inverses, tops[r], weights + r * kMaxSpan);
    float* lane_weights = rows.lane_weights + r * kLanes;
    store(lane_weights, fma(sum, splat(factors.span[r]), load(lane_weights) * splat(factors.old[r])));
  }
  return factors;
}

// out[row] = out[row] * old + (weights[row] · values) * span, for C vectors of the head's dimensions from d on.
template <int R, int C, class Item>
void add_values(const Span<Item>& span, const Span<Item>& next, Lanes lanes, const int16_t* weights,
                const Factors& factors, int64_t d, int64_t head_dim, float* out) {
  i32x16 sums[R][C];
  clear(sums);
  for (int64_t lane = lanes.first_column(); lane < lanes.last_column();) {
    const int64_t end = min(lanes.last_column(), span.piece_end(lane));
    multiply<R, C, 2, kMaxSpan>(span.at(lane, head_dim).values + 2 * d, 2 * head_dim, (end - lane) / 2, weights + lane,
                                ahead_of(span, next, lane, head_dim).values + 2 * d, sums);
    lane = end;
  }
  OSSIAN_UNROLL
  for (int r = 0; r < R; ++r) {
    OSSIAN_UNROLL
    for (int c = 0; c < C; ++c) {
      float* to = out + r * head_dim + d + c * kLanes;
      store(to, fma(to_f32(sums[r][c]), splat(factors.span[r]), load(to) * splat(factors.old[r])));
    }
  }
}

// What every row block of a span shares.
template <class Item>
struct Step {
  const AttentionTile& tile;
  const Span<Item>& span;
  const Span<Item>& next;
  const float* inverses;
  float* scores;
  int16_t* weights;
};

template <int R, class Item>
void attend_rows(const Step<Item>& step, Lanes lanes, const Rows& rows) {
  score_span<R>(step.tile, step.span, step.next, lanes, rows, step.scores);
  for (int r = 0; r < R; ++r) hide_unseen(lanes, step.scores + r * kMaxSpan);
  const Factors factors = soften<R>(lanes, step.inverses, rows, step.scores, step.weights);
  const int64_t head_dim = step.tile.head_dim;
  int64_t d = 0;
  for (; d + kMaxColumns * kLanes <= head_dim; d += kMaxColumns * kLanes)
    add_values<R, kMaxColumns>(step.span, step.next, lanes, step.weights, factors, d, head_dim, rows.sums.values);
  for (; d < head_dim; d += kLanes)
    add_values<R, 1>(step.span, step.next, lanes, step.weights, factors, d, head_dim, rows.sums.values);
}

template <class Item>
void attend_some(const Step<Item>& step, Lanes lanes, int64_t num_rows, const Rows& rows) {
  switch (num_rows) {
    case 8:
      return attend_rows<kMaxRows>(step, lanes, rows);
    case 4:
      return attend_rows<4>(step, lanes, rows);
    case 2:
      return attend_rows<2>(step, lanes, rows);
    default:
      return attend_rows<1>(step, lanes, rows);
  }
}

Rows rows_at(const AttentionTile& tile, const Scratch& scratch, const AttentionSums& sums, int64_t row) {
  return {scratch.q + row * tile.head_dim,
          scratch.q_scales + row,
          scratch.lane_weights + row * kLanes,
          {sums.maxima + row, nullptr, sums.values + row * tile.head_dim}};
}

template <class Item>
void attend_query(const Step<Item>& step, const Scratch& scratch, const AttentionSums& sums, int64_t query) {
  const AttentionTile& tile = step.tile;
  const Lanes lanes = visible_lanes(tile, step.span.begin, tile.first_position + query);
  if (lanes.begin >= lanes.end) return;
  for (int64_t head = 0; head < tile.num_heads;) {
    const int64_t num_rows = next_rows(tile.num_heads - head);
    attend_some(step, lanes, num_rows, rows_at(tile, scratch, sums, query * tile.num_heads + head));
    head += num_rows;
  }
}

void clear_sums(const AttentionSums& sums, int64_t num_rows, int64_t head_dim) {
  for (int64_t row = 0; row < num_rows; ++row) sums.maxima[row] = -__builtin_inff();
  for (int64_t row = 0; row < num_rows; ++row) sums.weights[row] = 0.0f;
  for (int64_t i = 0; i < num_rows * head_dim; i += kLanes) store(sums.values + i, zero_f32());
}

template <class Item>
void attend(const AttentionTile& tile, int64_t partition, const AttentionSums& sums) {
  const Scratch scratch(tile);
  const int64_t num_rows = tile.num_queries * tile.num_heads;
  const int64_t partition_size = kPartitionSpans * tile.span_size;
  clear_sums(sums, num_rows, tile.head_dim);
  for (int64_t row = 0; row < num_rows; ++row) store(scratch.lane_weights + row * kLanes, zero_f32());
  const int64_t first = max(first_visible(tile, tile.first_position), partition * partition_size);
  const int64_t last = min(tile.first_position + tile.num_queries, (partition + 1) * partition_size) - 1;
  alignas(64) float inverses[kMaxSpan];
  Span<Item> span = find_span<Item>(tile, first / tile.span_size * tile.span_size, first, last);
  while (span.begin <= last) {
    const Span<Item> next = find_span<Item>(tile, span.begin + tile.span_size, first, last);
    invert_exponents(span, tile.span_size, inverses);
    const Step<Item> step{tile, span, next, inverses, scratch.scores, scratch.weights};
    for (int64_t query = 0; query < tile.num_queries; ++query) attend_query(step, scratch, sums, query);
    span = next;
  }
  for (int64_t row = 0; row < num_rows; ++row)
    sums.weights[row] = reduce_add(load(scratch.lane_weights + row * kLanes));
}

// One head's query as integers, a pair each 2 * num_rows; no product with a key overflows. Returns their scale.
float round_query(const float* q, int64_t head_dim, int64_t num_rows, int16_t* out) {
  constexpr int64_t kMaxKey = max_fixed(KvFormat::int16);
  const auto limit = static_cast<float>(min(8191, INT32_MAX / (kMaxKey * head_dim)));
  f32x16 best = abs(load(q));
  for (int64_t d = kLanes; d < head_dim; d += kLanes) best = max(best, abs(load(q + d)));
  const float top = reduce_max(best);
  const f32x16 inverse = splat(top > 1e-30f ? limit / top : 0.0f);  // no infinity
  for (int64_t d = 0; d < head_dim; d += kLanes) {
    int16_t fixed[kLanes];
    store_as_int16(fixed, round_to_i32(load(q + d) * inverse));
    for (int64_t i = 0; i < kLanes; ++i) out[(d + i) / 2 * 2 * num_rows + (d + i) % 2] = fixed[i];
  }
  return top / limit;
}

void begin(const AttentionTile& tile) {
  const Scratch scratch(tile);
  const float scale = kLog2E / __builtin_sqrtf(static_cast<float>(tile.head_dim));
  for (int64_t query = 0; query < tile.num_queries; ++query) {
    for (int64_t head = 0; head < tile.num_heads;) {
      const int64_t num_rows = next_rows(tile.num_heads - head);
      const int64_t row = query * tile.num_heads + head;
      for (int64_t r = 0; r < num_rows; ++r) {
        const float* q = tile.q + query * tile.q_stride + (head + r) * tile.head_dim;
        int16_t* out = scratch.q + row * tile.head_dim + 2 * r;
        scratch.q_scales[row + r] = round_query(q, tile.head_dim, num_rows, out) * scale;
      }
      head += num_rows;
    }
  }
}

void scale_and_add(float* values, float factor, const float* others, float others_factor, int64_t size) {
  for (int64_t i = 0; i < size; i += kLanes) {
    store(values + i, fma(load(others + i), splat(others_factor), load(values + i) * splat(factor)));
  }
}

void merge(const AttentionSums& part, const AttentionSums& total, int64_t num_rows, int64_t head_dim) {
  for (int64_t row = 0; row < num_rows; row += kLanes) {
    const auto n = static_cast<size_t>(min(kLanes, num_rows - row));
    const f32x16 before = load_first(total.maxima + row, n, 0.0f);
    const f32x16 other = load_first(part.maxima + row, n, 0.0f);
    const f32x16 now = max(before, other);
    store_first(total.maxima + row, now, n);
    Factors factors;
    store(factors.old, exp2(before - now));
    store(factors.span, exp2(other - now));
    for (int64_t r = 0; r < static_cast<int64_t>(n); ++r) {
      float& weight = total.weights[row + r];
      weight = __builtin_fmaf(part.weights[row + r], factors.span[r], weight * factors.old[r]);
      scale_and_add(total.values + (row + r) * head_dim, factors.old[r], part.values + (row + r) * head_dim,
                    factors.span[r], head_dim);
    }
  }
}

// What a sink weighs beside the others: infinitely much when they are nothing beside it.
float sink_weight(float sink, float maximum) {
  const float exponent = sink * kLog2E - maximum;
  if (!(exponent < 127.0f)) return __builtin_inff();
  alignas(64) float weight[kLanes];
  store(weight, exp2(splat(exponent)));
  return exponent < -100.0f ? 0.0f : weight[0];
}

void finish(const AttentionTile& tile, const AttentionSums& total) {
  for (int64_t query = 0; query < tile.num_queries; ++query) {
    for (int64_t head = 0; head < tile.num_heads; ++head) {
      const int64_t row = query * tile.num_heads + head;
      const f32x16 weight = splat(total.weights[row] + sink_weight(tile.sinks[head], total.maxima[row]));
      float* out = tile.out + query * tile.out_stride + head * tile.head_dim;
      const float* values = total.values + row * tile.head_dim;
      for (int64_t d = 0; d < tile.head_dim; d += kLanes) store(out + d, load(values + d) / weight);
    }
  }
}

}  // namespace

const FixedAttentionKernels fixed_attention_kernels{
    .begin = begin,
    .attend_int16 = attend<int16_t>,
    .attend_int8 = attend<int8_t>,
    .clear = clear_sums,
    .merge = merge,
    .finish = finish,
};

}  // namespace ossian::OSSIAN_ISA_NS
