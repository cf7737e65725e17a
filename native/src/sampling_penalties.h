// Penalties for tokens that have been seen, applied to one row of logits.
#pragma once

#include <cstdint>
#include <span>

namespace ossian {

struct Penalties {
  float presence = 0.0F;    // subtracted once from every token of the output
  float frequency = 0.0F;   // subtracted for every time a token is in the output
  float repetition = 1.0F;  // once for every token of prompt or output: divides a positive logit, multiplies others
};

// In place. Repetition comes first, as in Hugging Face and vLLM. Every id must be in [0, logits.size()).
void apply_penalties(std::span<float> logits, std::span<const int32_t> prompt_token_ids,
                     std::span<const int32_t> output_token_ids, const Penalties& penalties);

}  // namespace ossian
