// Attention over a cache of fixed-point keys and values, with integer products.
//
// A query is rounded to integers with one scale for each head, so that query · key is an exact integer. Within a span
// the weights 2^(score - the span's highest score) are rounded to 13 bits, so that weights · values is one too. A
// value's scale is taken into its weight's exponent, from where it must be taken out of the softmax's denominator.
//
// Spans are summed to partitions of kPartitionSpans spans that begin at multiples of their size, and partitions merged
// from the first to the last, always: who computes which partition is then free, and a single decode at depth keeps
// any number of threads busy.
#pragma once

#include <cstdint>

#include "attention.h"
#include "kernel_table.h"

namespace ossian {

// batch.cache is int16 or int8; its contents have been checked.
void fixed_attention(const AttentionBatch& batch);

inline constexpr int64_t kFixedTileQueries = 32;  // at most; a tile's sums stay in the second-level cache
inline constexpr int64_t kPartitionSpans = 8;
inline constexpr int32_t kWeightBits = 13;
static_assert((kMaxSpan << kWeightBits) * max_fixed(KvFormat::int16) <= INT32_MAX);

// The softmax of some rows (a query's heads, query after query) over some keys: 2^maximum times weight is what they
// weigh, 2^maximum times value the sum of weighted values.
struct AttentionSums {
  float* maxima;   // [num_rows]
  float* weights;  // [num_rows]
  float* values;   // [num_rows, head_dim]
};

// Of one tile: the queries' integers and scales and the sums' lanes; then scores and weights of one query.
constexpr int64_t fixed_scratch_size(int64_t num_rows, int64_t head_dim) {
  return num_rows * (head_dim / 2 + 1 + 16) + kTileHeads * (kMaxSpan + kMaxSpan / 2);
}

struct FixedAttentionKernels {
  // Round the tile's queries into its scratch memory.
  void (*begin)(const AttentionTile& tile);
  // The sums over the keys of one partition, for int16 and int8 caches; empty for rows that see none of them.
  void (*attend_int16)(const AttentionTile& tile, int64_t partition, const AttentionSums& sums);
  void (*attend_int8)(const AttentionTile& tile, int64_t partition, const AttentionSums& sums);
  void (*clear)(const AttentionSums& sums, int64_t num_rows, int64_t head_dim);
  // total += part, whose keys come after all those of total.
  void (*merge)(const AttentionSums& part, const AttentionSums& total, int64_t num_rows, int64_t head_dim);
  // The tile's output: the values over the weights, the sinks' included.
  void (*finish)(const AttentionTile& tile, const AttentionSums& total);
};
OSSIAN_KERNEL_TABLE(FixedAttentionKernels, fixed_attention_kernels);

}  // namespace ossian
