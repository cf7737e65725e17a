#include "sampling_penalties.h"

#include <vector>

namespace ossian {
namespace {

struct Seen {
  int32_t output_count = 0;
  bool is_penalised = false;
};

// All zero between calls: a table of the vocabulary, of which a call touches only the tokens it was given.
thread_local std::vector<Seen> seen_tokens;

float repeat(float logit, float repetition) { return logit > 0.0F ? logit / repetition : logit * repetition; }

void penalise(float& logit, Seen& seen, const Penalties& penalties) {
  if (seen.is_penalised) return;
  seen.is_penalised = true;
  logit = repeat(logit, penalties.repetition);
  if (seen.output_count == 0) return;
  logit -= penalties.frequency * static_cast<float>(seen.output_count);
  logit -= penalties.presence;
}

}  // namespace

void apply_penalties(std::span<float> logits, std::span<const int32_t> prompt_token_ids,
                     std::span<const int32_t> output_token_ids, const Penalties& penalties) {
  if (seen_tokens.size() < logits.size()) seen_tokens.resize(logits.size());
  if (penalties.repetition == 1.0F) prompt_token_ids = {};
  for (const int32_t id : output_token_ids) ++seen_tokens[id].output_count;
  for (const auto ids : {output_token_ids, prompt_token_ids})
    for (const int32_t id : ids) penalise(logits[id], seen_tokens[id], penalties);
  for (const auto ids : {output_token_ids, prompt_token_ids})
    for (const int32_t id : ids) seen_tokens[id] = {};
}

}  // namespace ossian
