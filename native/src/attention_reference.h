// Attention as written down, in float64 and without tiles, spans or an online softmax: the yardstick of attention.cpp.
#pragma once

#include <cmath>
#include <vector>

#include "attention.h"
#include "lanes_reference.h"

namespace ossian::reference {

// One element of the key of the token at `offset` of a block, as the cache holds it.
inline double key_at(const KvCache& cache, int64_t block, int64_t head, int64_t offset, int64_t d) {
  const auto fixed = [&](const auto* keys) {
    return double{scales_of(cache, keys)[offset]} * keys[(d / 2 * cache.block_size + offset) * 2 + d % 2];
  };
  if (cache.format == KvFormat::int16) return fixed(cache.key_block<const int16_t>(block, head));
  if (cache.format == KvFormat::int8) return fixed(cache.key_block<const int8_t>(block, head));
  return from_bf16(cache.key_block(block, head)[d * cache.block_size + offset]);
}

inline double value_at(const KvCache& cache, int64_t block, int64_t head, int64_t offset, int64_t d) {
  const auto fixed = [&](const auto* values) {
    return std::exp2(double{scales_of(cache, values)[offset]}) *
           values[(offset / 2 * cache.head_dim + d) * 2 + offset % 2];
  };
  if (cache.format == KvFormat::int16) return fixed(cache.value_block<const int16_t>(block, head));
  if (cache.format == KvFormat::int8) return fixed(cache.value_block<const int8_t>(block, head));
  return from_bf16(cache.value_block(block, head)[offset * cache.head_dim + d]);
}

// The output of one query head of the token at `position` of sequence `seq`.
inline std::vector<double> attend(const AttentionBatch& batch, int64_t seq, int64_t token, int64_t position,
                                  int64_t head) {
  const KvCache& cache = batch.cache;
  const int64_t kv_head = head / (batch.num_attention_heads / cache.num_heads);
  const float* q = batch.qkv + (token * (batch.num_attention_heads + 2 * cache.num_heads) + head) * cache.head_dim;
  const int64_t first = first_visible(position, batch.sliding_window);
  const auto block_of = [&](int64_t p) {
    return int64_t{batch.block_tables[seq * batch.max_num_blocks + p / cache.block_size]};
  };
  std::vector<double> scores;
  double max = batch.sinks[head];
  for (int64_t p = first; p <= position; ++p) {
    double score = 0.0;
    for (int64_t d = 0; d < cache.head_dim; ++d) {
      score += q[d] * key_at(cache, block_of(p), kv_head, p % cache.block_size, d);
    }
    scores.push_back(score / std::sqrt(static_cast<double>(cache.head_dim)));
    max = std::max(max, scores.back());
  }
  double sum = std::exp(batch.sinks[head] - max);
  for (const double score : scores) sum += std::exp(score - max);
  std::vector<double> out(cache.head_dim, 0.0);
  for (int64_t p = first; p <= position; ++p) {
    const double weight = std::exp(scores[p - first] - max) / sum;
    for (int64_t d = 0; d < cache.head_dim; ++d) {
      out[d] += weight * value_at(cache, block_of(p), kv_head, p % cache.block_size, d);
    }
  }
  return out;
}

// Every token and head.  # [num_tokens, num_attention_heads * head_dim]
inline std::vector<double> paged_attention(const AttentionBatch& batch) {
  std::vector<double> out;
  for (size_t seq = 0; seq < batch.context_lens.size(); ++seq) {
    const int64_t end = batch.cu_seqlens_q[seq + 1];
    for (int64_t token = batch.cu_seqlens_q[seq]; token < end; ++token) {
      const int64_t position = batch.context_lens[seq] - (end - token);
      for (int64_t head = 0; head < batch.num_attention_heads; ++head) {
        const std::vector<double> row = attend(batch, static_cast<int64_t>(seq), token, position, head);
        out.insert(out.end(), row.begin(), row.end());
      }
    }
  }
  return out;
}

}  // namespace ossian::reference
