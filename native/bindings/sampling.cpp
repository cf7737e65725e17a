#include "sampling.h"

#include <memory>
#include <stdexcept>
#include <string>

#include "arrays.h"
#include "sampling_penalties.h"
#include "topics.h"

namespace ossian {
namespace {

using TokenMask = Array<const uint32_t, 1>;

[[noreturn]] void reject(const std::string& name, const std::string& value, const char* rule) {
  throw std::invalid_argument(name + " is " + value + "; it must be " + rule);
}

template <class T>
void check_value(bool is_valid, const char* name, int64_t row, T value, const char* rule) {
  if (!is_valid) reject(std::string(name) + "[" + std::to_string(row) + "]", std::to_string(value), rule);
}

void check_row(const RowSampling& row, int64_t index) {
  check_value(row.temperature >= 0.0F && row.temperature < __builtin_inff(), "temperature", index, row.temperature,
              "finite and 0 or more");
  check_value(row.top_k >= 0, "top_k", index, row.top_k, "0 (off) or more");
  check_value(row.top_p >= 0.0F && row.top_p <= 1.0F, "top_p", index, row.top_p, "in [0, 1]");
  check_value(row.min_p >= 0.0F && row.min_p <= 1.0F, "min_p", index, row.min_p, "in [0, 1]");
}

void check_faults(const std::vector<RowChoice>& choices) {
  for (size_t i = 0; i < choices.size(); ++i) {
    if (choices[i].fault == RowFault::none) continue;
    throw std::invalid_argument("logits[" + std::to_string(i) + "] " + description(choices[i].fault));
  }
}

// One entry a row; null where every token is allowed.
std::vector<std::unique_ptr<TokenMask>> hold_masks(const nb::list& token_masks, int64_t num_rows, int64_t vocab_size) {
  if (static_cast<int64_t>(token_masks.size()) != num_rows) {
    reject("the length of token_masks", std::to_string(token_masks.size()), "the number of rows of logits");
  }
  std::vector<std::unique_ptr<TokenMask>> masks;
  for (const nb::handle mask : token_masks) {
    masks.push_back(mask.is_none() ? nullptr : std::make_unique<TokenMask>(mask, "token_masks"));
    if (masks.back() != nullptr) check_size(*masks.back(), 0, (vocab_size + 31) / 32, "vocab_size / 32, rounded up");
  }
  return masks;
}

void bound_sample(nb::handle logits_, nb::handle temperature_, nb::handle top_k_, nb::handle top_p_, nb::handle min_p_,
                  nb::handle seeds_, nb::handle steps_, const nb::list& token_masks, nb::handle token_ids_) {
  const Array<float, 2> logits(logits_, "logits");
  const Array<const float, 1> temperature(temperature_, "temperature");
  const Array<const int32_t, 1> top_k(top_k_, "top_k");
  const Array<const float, 1> top_p(top_p_, "top_p");
  const Array<const float, 1> min_p(min_p_, "min_p");
  const Array<const uint64_t, 1> seeds(seeds_, "seeds");
  const Array<const int64_t, 1> steps(steps_, "steps");
  const Array<int32_t, 1> token_ids(token_ids_, "token_ids");
  const int64_t num_rows = logits.size(0);
  const auto check_length = [num_rows](const auto& array) { check_size(array, 0, num_rows, "num_seqs of logits"); };
  check_length(temperature), check_length(top_k), check_length(top_p), check_length(min_p);
  check_length(seeds), check_length(steps), check_length(token_ids);
  const auto masks = hold_masks(token_masks, num_rows, logits.size(1));

  std::vector<RowSampling> rows;
  for (int64_t i = 0; i < num_rows; ++i) {
    rows.push_back({temperature.data()[i], top_k.data()[i], top_p.data()[i], min_p.data()[i], seeds.data()[i],
                    steps.data()[i], masks[i] == nullptr ? nullptr : masks[i]->data()});
    check_row(rows.back(), i);
  }
  std::vector<RowChoice> choices(rows.size());
  const nb::gil_scoped_release release;
  sample_rows(logits.data(), logits.size(1), rows, choices);
  for (int64_t i = 0; i < num_rows; ++i) token_ids.data()[i] = choices[i].token_id;
  check_faults(choices);
}

std::span<const int32_t> checked_ids(const Array<const int32_t, 1>& ids, int64_t vocab_size) {
  for (int64_t i = 0; i < ids.size(0); ++i) {
    if (ids.data()[i] >= 0 && ids.data()[i] < vocab_size) continue;
    throw std::invalid_argument(std::string(ids.buffer().name()) + "[" + std::to_string(i) + "] is " +
                                std::to_string(ids.data()[i]) + "; it must be in [0, " + std::to_string(vocab_size) +
                                ")");
  }
  return {ids.data(), static_cast<size_t>(ids.size(0))};
}

void bound_apply_penalties(nb::handle logits_, nb::handle prompt_token_ids_, nb::handle output_token_ids_,
                           float presence_penalty, float frequency_penalty, float repetition_penalty) {
  const Array<float, 1> logits(logits_, "logits");
  const Array<const int32_t, 1> prompt_token_ids(prompt_token_ids_, "prompt_token_ids");
  const Array<const int32_t, 1> output_token_ids(output_token_ids_, "output_token_ids");
  if (!(repetition_penalty > 0.0F)) reject("repetition_penalty", std::to_string(repetition_penalty), "more than 0");
  const nb::gil_scoped_release release;
  apply_penalties({logits.data(), static_cast<size_t>(logits.size(0))}, checked_ids(prompt_token_ids, logits.size(0)),
                  checked_ids(output_token_ids, logits.size(0)),
                  {presence_penalty, frequency_penalty, repetition_penalty});
}

// Returns the token's log probability and the number of entries written.
nb::tuple bound_top_logprobs(nb::handle logits_, int32_t token_id, nb::handle ids_, nb::handle logprobs_) {
  const Array<const float, 1> logits(logits_, "logits");
  const Array<int32_t, 1> ids(ids_, "ids");
  const Array<float, 1> logprobs(logprobs_, "logprobs");
  check_size(logprobs, 0, ids.size(0), "the length of ids");
  if (token_id < 0 || token_id >= logits.size(0)) {
    reject("token_id", std::to_string(token_id), ("in [0, " + std::to_string(logits.size(0)) + ")").c_str());
  }
  TopLogprobs top;
  {
    const nb::gil_scoped_release release;
    top =
        top_logprobs({logits.data(), static_cast<size_t>(logits.size(0))}, token_id, static_cast<int32_t>(ids.size(0)));
  }
  if (top.fault != RowFault::none) throw std::invalid_argument(std::string("logits ") + description(top.fault));
  std::copy(top.ids.begin(), top.ids.end(), ids.data());
  std::copy(top.logprobs.begin(), top.logprobs.end(), logprobs.data());
  return nb::make_tuple(top.logprob, top.ids.size());
}

}  // namespace

void bind_sampling(nb::module_& m) {
  m.def("sample", bound_sample, nb::arg("logits"), nb::arg("temperature"), nb::arg("top_k"), nb::arg("top_p"),
        nb::arg("min_p"), nb::arg("seeds"), nb::arg("steps"), nb::arg("token_masks"), nb::arg("token_ids"));
  m.def("apply_penalties", bound_apply_penalties, nb::arg("logits"), nb::arg("prompt_token_ids"),
        nb::arg("output_token_ids"), nb::arg("presence_penalty"), nb::arg("frequency_penalty"),
        nb::arg("repetition_penalty"));
  m.def("top_logprobs", bound_top_logprobs, nb::arg("logits"), nb::arg("token_id"), nb::arg("ids"),
        nb::arg("logprobs"));
}

}  // namespace ossian
