// Causal grouped-query attention over the paged KV cache, with sinks and a sliding window.
//
// Softmax is taken online, over spans of keys that begin at multiples of a fixed number of positions; a span's scores,
// maximum and sums have one order. So a query's result depends on its position, its keys and the block size alone: not
// on the chunk it came in, the sequences beside it, where its blocks lie, the number of threads or the instruction set.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "attention_cache.h"
#include "kernel_table.h"

namespace ossian {

struct AttentionBatch {
  const float* qkv;  // [num_tokens, (num_attention_heads + 2 * cache.num_heads) * head_dim]; q at the front, rotated
  int64_t num_tokens;
  int64_t num_attention_heads;  // a multiple of cache.num_heads
  KvCache cache;
  const int32_t* block_tables;  // [num_seqs, max_num_blocks]
  int64_t max_num_blocks;
  std::span<const int32_t> cu_seqlens_q;  // [num_seqs + 1]: sequence s has tokens [cu[s], cu[s + 1])
  std::span<const int32_t> context_lens;  // [num_seqs]: tokens in the cache, this step's included
  const float* sinks;                     // [num_attention_heads]
  int32_t sliding_window;                 // keys a query sees, itself included; 0: all
  float* out;                             // [num_tokens, num_attention_heads * head_dim]
};

// Only the blocks that some query sees are read, so table entries before the window may be anything.
// Throws std::invalid_argument for sequences, context lengths or blocks that do not fit together.
void paged_attention(const AttentionBatch& batch);

// The oldest position that the query at `position` sees.
inline int64_t first_visible(int64_t position, int64_t sliding_window) {
  return sliding_window == 0 || position < sliding_window ? 0 : position - sliding_window + 1;
}

// Some consecutive queries of one sequence, with the query heads that share one key-value head.
struct AttentionTile {
  const float* q;  // the first query's first head
  float* out;      // its output
  int64_t q_stride;
  int64_t out_stride;
  int64_t num_queries;
  int64_t first_position;
  int64_t num_heads;   // query heads
  const float* sinks;  // theirs
  const void* keys;    // of the key-value head, in block 0
  const void* values;
  int64_t block_stride;  // from a block to the next, in items
  int64_t block_size;
  int64_t head_dim;
  int64_t span_size;
  const int32_t* block_table;
  int64_t sliding_window;  // more than any position when all keys are seen
  float* scratch;          // 64-byte aligned
};

// Queries of one sequence that are taken together.
struct QueryTile {
  int64_t seq;
  int64_t first_token;
  int64_t first_position;
  int64_t num_queries;
};
std::vector<QueryTile> query_tiles(const AttentionBatch& batch, int64_t max_num_queries);

// A tile's queries with the heads [first_head, first_head + num_heads), which are of one group; without scratch memory.
AttentionTile make_tile(const AttentionBatch& batch, const QueryTile& queries, int64_t first_head, int64_t num_heads);

// num_floats of this thread's memory, 64-byte aligned; overwritten by the next who asks.
float* attention_scratch(int64_t num_floats);

inline constexpr int64_t kTileQueries = 8;
inline constexpr int64_t kTileHeads = 8;  // of one group, at a time
inline constexpr int64_t kMaxSpan = 64;

// The number of keys between two steps of the online softmax: whole blocks, or an even part of one.
constexpr int64_t attention_span(int64_t block_size) {
  if (block_size <= kMaxSpan) return kMaxSpan / block_size * block_size;
  int64_t span = kMaxSpan;
  while (block_size % span != 0) span -= 16;
  return span;
}

// Of attend: for each query and head of a tile the scaled query, the output, the sum's lanes and the maximum; then the
// scores.
constexpr int64_t attention_scratch_size(int64_t head_dim) {
  return kTileQueries * kTileHeads * (2 * head_dim + 16 + 1) + kTileHeads * kMaxSpan;
}

// Over a bf16 cache, in float32.
struct AttentionKernels {
  void (*attend)(const AttentionTile& tile);  // at most kTileQueries
};
OSSIAN_KERNEL_TABLE(AttentionKernels, attention_kernels);

}  // namespace ossian
