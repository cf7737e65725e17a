#include "attention.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "fixed_attention.h"
#include "thread_pool.h"

namespace ossian {
namespace {

void check_blocks(const AttentionBatch& batch, int64_t seq, int64_t first_position) {
  const int32_t* table = batch.block_tables + seq * batch.max_num_blocks;
  const int64_t last = (batch.context_lens[seq] - 1) / batch.cache.block_size;
  for (int64_t i = first_visible(first_position, batch.sliding_window) / batch.cache.block_size; i <= last; ++i) {
    if (table[i] >= 0 && table[i] < batch.cache.num_blocks) continue;
    throw std::invalid_argument("block_tables[" + std::to_string(seq) + "][" + std::to_string(i) + "] is " +
                                std::to_string(table[i]) + "; it must be in [0, " +
                                std::to_string(batch.cache.num_blocks) + ")");
  }
}

void check_seq(const AttentionBatch& batch, int64_t seq) {
  const std::string index = "[" + std::to_string(seq) + "]";
  const int64_t num_queries = batch.cu_seqlens_q[seq + 1] - batch.cu_seqlens_q[seq];
  const int64_t context_len = batch.context_lens[seq];
  if (num_queries < 0) throw std::invalid_argument("cu_seqlens_q must not decrease, but does after " + index);
  if (context_len < num_queries || context_len > batch.max_num_blocks * batch.cache.block_size) {
    throw std::invalid_argument("context_lens" + index + " is " + std::to_string(context_len) + "; it must hold the " +
                                std::to_string(num_queries) + " tokens of this step and fit the " +
                                std::to_string(batch.max_num_blocks) + " blocks of " +
                                std::to_string(batch.cache.block_size) + " tokens in block_tables");
  }
  if (num_queries > 0) check_blocks(batch, seq, context_len - num_queries);
}

void check(const AttentionBatch& batch) {
  if (batch.sliding_window < 0) throw std::invalid_argument("sliding_window must be 0 or more");
  if (batch.cu_seqlens_q.front() != 0 || batch.cu_seqlens_q.back() != batch.num_tokens) {
    throw std::invalid_argument("cu_seqlens_q must run from 0 to the " + std::to_string(batch.num_tokens) +
                                " tokens of qkv");
  }
  for (int64_t seq = 0; seq < std::ssize(batch.context_lens); ++seq) check_seq(batch, seq);
}

struct alignas(64) CacheLine {
  float values[16];
};

}  // namespace

std::vector<QueryTile> query_tiles(const AttentionBatch& batch, int64_t max_num_queries) {
  std::vector<QueryTile> tiles;
  for (int64_t seq = 0; seq + 1 < std::ssize(batch.cu_seqlens_q); ++seq) {
    const int64_t end = batch.cu_seqlens_q[seq + 1];
    for (int64_t token = batch.cu_seqlens_q[seq]; token < end; token += max_num_queries) {
      const int64_t position = batch.context_lens[seq] - (end - token);
      tiles.push_back({seq, token, position, std::min(max_num_queries, end - token)});
    }
  }
  return tiles;
}

float* attention_scratch(int64_t num_floats) {
  static thread_local std::vector<CacheLine> lines;
  const auto num_lines = static_cast<size_t>(num_floats / 16 + 1);
  if (lines.size() < num_lines) lines.resize(num_lines);
  return lines.front().values;
}

AttentionTile make_tile(const AttentionBatch& batch, const QueryTile& queries, int64_t first_head, int64_t num_heads) {
  const KvCache& cache = batch.cache;
  const int64_t q_stride = (batch.num_attention_heads + 2 * cache.num_heads) * cache.head_dim;
  const int64_t kv_head = first_head / (batch.num_attention_heads / cache.num_heads);
  const int64_t out_stride = batch.num_attention_heads * cache.head_dim;
  const int64_t head_bytes = cache.head_items() * item_bytes(cache.format);
  return {
      .q = batch.qkv + queries.first_token * q_stride + first_head * cache.head_dim,
      .out = batch.out + queries.first_token * out_stride + first_head * cache.head_dim,
      .q_stride = q_stride,
      .out_stride = out_stride,
      .num_queries = queries.num_queries,
      .first_position = queries.first_position,
      .num_heads = num_heads,
      .sinks = batch.sinks + first_head,
      .keys = static_cast<const std::byte*>(cache.keys) + kv_head * head_bytes,
      .values = static_cast<const std::byte*>(cache.values) + kv_head * head_bytes,
      .block_stride = cache.num_heads * cache.head_items(),
      .block_size = cache.block_size,
      .head_dim = cache.head_dim,
      .span_size = attention_span(cache.block_size),
      .block_table = batch.block_tables + queries.seq * batch.max_num_blocks,
      .sliding_window = batch.sliding_window == 0 ? std::numeric_limits<int32_t>::max() : batch.sliding_window,
      .scratch = nullptr,
  };
}

namespace {

// In float32, over a bf16 cache.
void float_attention(const AttentionBatch& batch) {
  const AttentionKernels& kernels = OSSIAN_SELECT(attention_kernels);
  const std::vector<QueryTile> tiles = query_tiles(batch, kTileQueries);
  const int64_t group_size = batch.num_attention_heads / batch.cache.num_heads;
  const int64_t parts = (group_size + kTileHeads - 1) / kTileHeads;  // of one group
  const int64_t num_tiles = std::ssize(tiles);
  // The tiles of one group follow each other, so that a sequence's keys and values stay in cache from tile to tile.
  parallel_for(num_tiles * batch.cache.num_heads * parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; ++item) {
      const int64_t part = item / num_tiles % parts;
      const int64_t first_head = item / num_tiles / parts * group_size + part * kTileHeads;
      const int64_t num_heads = std::min(kTileHeads, group_size - part * kTileHeads);
      AttentionTile tile = make_tile(batch, tiles[item % num_tiles], first_head, num_heads);
      tile.scratch = attention_scratch(attention_scratch_size(batch.cache.head_dim));
      kernels.attend(tile);
    }
  });
}

}  // namespace

void paged_attention(const AttentionBatch& batch) {
  check(batch);
  if (batch.cache.format == KvFormat::bf16) return float_attention(batch);
  fixed_attention(batch);
}

}  // namespace ossian
