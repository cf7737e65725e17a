// From logits to tokens: one choice a row, and the log probabilities of a row.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sampling_row.h"

namespace ossian {

// How one row is sampled: mask, temperature, top_k, top_p, min_p, in this order, then a draw.
struct RowSampling {
  float temperature = 1.0F;  // >= 0; 0 is greedy
  int32_t top_k = 0;         // 0: all tokens
  float top_p = 1.0F;        // in [0, 1]; the shortest prefix that reaches it, at least the best token
  float min_p = 0.0F;        // in [0, 1]; least weight, relative to the best token's
  uint64_t seed = 0;
  int64_t step = 0;                      // (seed, step) fixes the draw
  const uint32_t* token_mask = nullptr;  // bit i % 32 of word i / 32: whether token i is allowed; null: all are
};

struct RowChoice {
  RowFault fault = RowFault::none;
  int32_t token_id = -1;
};

// The masked logits become -inf in place. Equal logits rank by id, lowest first.
RowChoice sample_row(std::span<float> logits, const RowSampling& sampling);

// logits: [choices.size(), vocab_size]. Rows are spread over the thread pool; each is computed as if it were alone.
void sample_rows(float* logits, int64_t vocab_size, std::span<const RowSampling> samplings,
                 std::span<RowChoice> choices);

struct TopLogprobs {
  RowFault fault = RowFault::none;
  float logprob = 0.0F;         // of the token asked for; -inf when it cannot occur
  std::vector<int32_t> ids;     // the most likely ones, best first; fewer when fewer can occur
  std::vector<float> logprobs;  // theirs
};

// The natural logarithm of the row's softmax.
TopLogprobs top_logprobs(std::span<const float> logits, int32_t token_id, int32_t n);

}  // namespace ossian
