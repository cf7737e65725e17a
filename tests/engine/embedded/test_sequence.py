"""The facts that are derived from a sequence's tokens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.engine.base import EngineRequest, SamplingParams
from ossian.engine.embedded.sequence import MAX_SCORED_TOKENS, GrowingArray, Sequence


def sequence(prompt: list[int], sampling: SamplingParams = SamplingParams(), max_model_len: int = 100) -> Sequence:
    return Sequence(EngineRequest("r", prompt, sampling), (1, 2), max_model_len)


@given(st.lists(st.integers(0, 2**31 - 1)), st.lists(st.integers(0, 2**31 - 1)))
def test_a_growing_array_is_a_list(start: list[int], more: list[int]) -> None:
    array = GrowingArray(start)
    for value in more:
        array.append(value)
    assert array.values.tolist() == [*start, *more]
    assert len(array) == len(start) + len(more)
    array.clear()
    array.append(5)
    assert array.values.tolist() == [5]


def test_prompt_and_output_are_told_apart() -> None:
    one = sequence([7, 8, 9])
    one.tokens.append(10)
    assert one.prompt_token_ids.tolist() == [7, 8, 9]
    assert one.output_token_ids.tolist() == [10]
    assert (one.num_tokens, one.num_prompt_tokens, one.num_output_tokens) == (4, 3, 1)


@pytest.mark.parametrize("max_tokens, max_num_tokens", [(None, 100), (0, 3), (5, 8), (1000, 100)])
def test_it_is_full_at_max_tokens_or_at_the_end_of_the_context(max_tokens: int | None, max_num_tokens: int) -> None:
    one = sequence([7, 8, 9], SamplingParams(max_tokens=max_tokens))
    assert one.max_num_tokens == max_num_tokens
    assert one.is_full == (max_tokens == 0)


def test_stop_tokens_are_the_models_and_the_callers() -> None:
    assert sequence([7], SamplingParams(stop_token_ids=(5,))).stop_token_ids == {1, 2, 5}
    assert sequence([7], SamplingParams(stop_token_ids=(5,), ignore_eos=True)).stop_token_ids == {5}


def test_seeds_fit_64_bits_and_are_fresh_when_none_is_given() -> None:
    assert sequence([7], SamplingParams(seed=42)).seed == 42
    assert sequence([7], SamplingParams(seed=-1)).seed == 2**64 - 1
    assert len({sequence([7]).seed for _ in range(5)}) == 5


def test_the_last_chunk_of_a_prompt_is_sampled() -> None:
    one = sequence([7, 8, 9])
    one.num_scheduled_tokens = 2
    assert not one.is_decoding
    assert not one.is_sampled
    one.num_cached_tokens, one.num_scheduled_tokens = 2, 1
    assert not one.is_decoding
    assert one.is_sampled


def test_after_its_prompt_a_sequence_decodes_what_was_forced_too() -> None:
    one = sequence([7, 8, 9])
    one.num_cached_tokens = 3
    for token_id in (1, 2):
        one.tokens.append(token_id)
    assert one.is_decoding
    one.num_scheduled_tokens = 1
    assert not one.is_sampled
    one.num_scheduled_tokens = 2
    assert one.is_sampled


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=6),
    st.lists(st.integers(0, 3), min_size=1, max_size=6),
    st.integers(0, 2),
)
def test_of_a_draft_what_was_sampled_is_its_own(draft: list[int], sampled: list[int], num_forced: int) -> None:
    one = sequence([7, 8, 9])
    one.num_cached_tokens = 3
    for token_id in [1] * (1 + num_forced):
        one.tokens.append(token_id)
    one.draft, one.num_scheduled_tokens = draft, 1 + num_forced + len(draft)
    assert one.is_sampled
    assert one.scheduled_token_ids.tolist() == [1] * (1 + num_forced) + draft
    for num_sampled, token_id in enumerate(sampled, start=1):
        one.tokens.append(token_id)
        agreeing = [draft[:n] == sampled[:num_sampled][:n] for n in range(1, min(num_sampled, len(draft)) + 1)]
        assert one.num_accepted_tokens == sum(agreeing)
        assert one.num_computed_tokens == 1 + num_forced + sum(agreeing)
        assert one.is_sampled == (draft[:num_sampled] == sampled[:num_sampled])


def test_nothing_is_scored_unless_asked_for() -> None:
    one = sequence([7, 8, 9])
    one.num_scheduled_tokens = 3
    assert list(one.prompt_logits_positions) == []
    assert one.max_chunk == 3


def test_each_prompt_token_but_the_first_is_scored_once() -> None:
    one = sequence(list(range(5)), SamplingParams(num_prompt_logprobs=0))
    positions = []
    for num_scheduled_tokens in (2, 2, 1):
        one.num_scheduled_tokens = num_scheduled_tokens
        positions.append(list(one.prompt_logits_positions))
        one.prompt_logprobs += [None] * len(positions[-1])
        one.num_cached_tokens += num_scheduled_tokens
    assert positions == [[0, 1], [2, 3], []]


def test_what_was_scored_before_a_preemption_is_not_scored_again() -> None:
    one = sequence(list(range(6)), SamplingParams(num_prompt_logprobs=0))
    one.prompt_logprobs += [None] * 3  # positions 0, 1 and 2
    one.num_cached_tokens, one.num_scheduled_tokens = 0, 2
    assert list(one.prompt_logits_positions) == []
    one.num_cached_tokens, one.num_scheduled_tokens = 2, 4
    assert list(one.prompt_logits_positions) == [3, 4]


def test_outputs_are_not_scored_as_prompt() -> None:
    one = sequence([1, 2], SamplingParams(num_prompt_logprobs=0))
    one.tokens.append(3)
    one.tokens.append(4)
    one.num_scheduled_tokens = 4
    assert list(one.prompt_logits_positions) == [0]


def test_chunks_are_small_while_a_prompt_is_scored() -> None:
    one = sequence([1] * 99, SamplingParams(num_prompt_logprobs=0))
    assert one.max_chunk == MAX_SCORED_TOKENS
    one.prompt_logprobs += [None] * 98
    assert one.max_chunk == 99
