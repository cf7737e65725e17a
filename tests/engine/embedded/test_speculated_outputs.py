"""A draft changes how many steps there are, and nothing else: whatever is drafted, asked for, or run beside it."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle, pairwise
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ossian.engine.base import EngineOutput, EngineRequest, FinishReason, SamplingParams
from ossian.engine.embedded.batch import Batch
from ossian.engine.embedded.drafts import NgramIndex
from ossian.engine.embedded.engine import EmbeddedEngine
from ossian.engine.embedded.kernels import Float32
from tests.engine.embedded.doubles import (
    VOCAB_SIZE,
    PrefixModel,
    prefix_logits,
    read,
    request,
    running,
    tiny_engine,
    token_ids,
)
from tests.engine.embedded.test_token_masks import Runs

GREEDY = SamplingParams(temperature=0.0, seed=0, max_tokens=40, ignore_eos=True)
Draft = Callable[[Any, NDArray[np.int32], int], list[int]]


class Copier(PrefixModel):
    """What followed the last two tokens before is what most likely follows them again."""

    def logits_after(self, tokens: list[int]) -> Float32:
        logits = prefix_logits(tokens)
        pairs = list(pairwise(tokens))
        earlier = [index for index, pair in enumerate(pairs[:-1]) if pair == pairs[-1]]
        if earlier:
            logits[tokens[earlier[-1] + 2]] += 20.0
        return logits


def engine(model: PrefixModel | None = None, **changes: Any) -> EmbeddedEngine:
    return tiny_engine(model=model or Copier(), **changes)


def drafted_as(draft: Draft) -> Any:
    return patch.object(NgramIndex, "draft", draft)


def always_wrong(index: NgramIndex, tokens: NDArray[np.int32], num_tokens: int) -> list[int]:
    """Tokens that are not among those sampled, unless by chance."""
    return [VOCAB_SIZE - 2] * num_tokens


@contextmanager
def drafts_of(answers: Sequence[list[int]], errors: Sequence[bool]) -> Iterator[None]:
    """Draft the true continuations of the whole sequences, with an error wherever the next of `errors` says so."""
    wrong = cycle(errors)

    def draft(index: NgramIndex, tokens: NDArray[np.int32], num_tokens: int) -> list[int]:
        start = tokens.tolist()
        known = next((one[len(start) :] for one in answers if one[: len(start)] == start), [])
        return [(token_id + next(wrong)) % VOCAB_SIZE for token_id in known[:num_tokens]]

    with drafted_as(draft):
        yield


async def outputs_of(one: EmbeddedEngine, requests: Sequence[EngineRequest]) -> list[list[EngineOutput]]:
    """Run them together, and see that nothing is left behind. What was cached depends on what was computed."""
    streams = [await one.generate(each) for each in requests]
    answers = await asyncio.gather(*map(read, streams))
    return [[replace(output, num_cached_tokens=0) for output in outputs] for outputs in answers]


samplings = st.builds(
    SamplingParams,
    temperature=st.sampled_from([0.0, 0.7, 1.0]),
    top_p=st.sampled_from([1.0, 0.9]),
    seed=st.integers(0, 3),
    max_tokens=st.integers(1, 40),
    presence_penalty=st.sampled_from([0.0, 0.0, 0.5]),
    frequency_penalty=st.sampled_from([0.0, 0.0, 0.1]),
    repetition_penalty=st.sampled_from([1.0, 1.0, 1.2]),
    logit_bias=st.sampled_from([{}, {5: 2.0, 6: -100.0}]),
    num_logprobs=st.sampled_from([None, 0, 3]),
    num_prompt_logprobs=st.sampled_from([None, None, 2]),
    stop_token_ids=st.sampled_from([(), (7, 8)]),
    ignore_eos=st.booleans(),
)
prompts = st.builds(
    lambda repeated, num_times, rest: repeated * num_times + rest,
    st.lists(st.integers(0, VOCAB_SIZE - 1), min_size=1, max_size=8),
    st.integers(1, 4),
    st.lists(st.integers(0, VOCAB_SIZE - 1), max_size=8),
)
masks = st.sampled_from([None, None, False, True])  # no grammar, one that forces nothing, one that forces


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(prompts, samplings, masks), min_size=1, max_size=6),
    st.integers(26, 40) | st.just(200),
    st.sampled_from([0, 6, 9]),
    st.integers(1, 6),
    st.integers(0, 30),
    st.booleans(),
    st.integers(1, 20),
    st.sampled_from(["ngrams", "wrong", "true", "errors"]),
    st.lists(st.booleans(), min_size=1, max_size=9),
)
def test_outputs_are_those_without_drafts(
    batch: list[tuple[list[int], SamplingParams, bool | None]],
    num_blocks: int,
    window: int,
    max_num_seqs: int,
    spare_budget: int,
    enable_prefix_cache: bool,
    max_num_draft_tokens: int,
    drafts: str,
    errors: list[bool],
) -> None:
    """Tokens, log probabilities, ends; with any drafts, tiny budgets, too few blocks, grammars, penalties and stops."""

    def requests() -> list[EngineRequest]:
        return [
            request(prompt, sampling, token_mask=None if forces is None else Runs(forces=forces))
            for prompt, sampling, forces in batch
        ]

    async def run() -> None:
        changes: dict[str, Any] = {
            "num_blocks": num_blocks,
            "window": window,
            "max_num_seqs": max_num_seqs,
            "max_num_batched_tokens": max_num_seqs + spare_budget,
            "enable_prefix_cache": enable_prefix_cache,
        }
        async with running(engine(**changes)) as plain:
            expected = await outputs_of(plain, requests())
        answers = [prompt + token_ids(outputs) for (prompt, *_), outputs in zip(batch, expected, strict=True)]
        sources = {
            "ngrams": patch.object(NgramIndex, "unused", None, create=True),
            "wrong": drafted_as(always_wrong),
            "true": drafts_of(answers, [False]),
            "errors": drafts_of(answers, errors),
        }
        async with running(engine(max_num_draft_tokens=max_num_draft_tokens, **changes)) as speculating:
            with sources[drafts]:
                assert await outputs_of(speculating, requests()) == expected
                assert await outputs_of(speculating, requests()) == expected
            stats = speculating.stats()
            assert stats.num_free_blocks == num_blocks
            assert stats.num_generated_tokens == 2 * sum(len(token_ids(outputs)) for outputs in expected)

    asyncio.run(run())


async def test_what_a_model_copies_takes_fewer_steps() -> None:
    one = request([*range(20, 50), 20, 21], GREEDY)
    async with running(engine()) as plain:
        (expected,) = await outputs_of(plain, [one])
        num_plain_steps = plain.stats().num_steps
    async with running(engine(max_num_draft_tokens=8)) as speculating:
        assert await outputs_of(speculating, [one]) == [expected]
        stats = speculating.stats()
    assert stats.num_steps < num_plain_steps / 2
    assert 20 < stats.num_accepted_tokens <= stats.num_draft_tokens
    assert stats.num_steps + stats.num_accepted_tokens == num_plain_steps == 40


async def test_a_stop_token_in_a_draft_ends_the_sequence() -> None:
    prompt = [*range(20, 50), 20, 21]
    stop = replace(GREEDY, stop_token_ids=(30,))
    async with running(engine(max_num_draft_tokens=16)) as speculating:
        (outputs,) = await outputs_of(speculating, [request(prompt, stop)])
        assert speculating.stats().num_accepted_tokens > 0
    assert token_ids(outputs) == list(range(22, 31))
    assert (outputs[-1].finish_reason, outputs[-1].stop_token_id) == (FinishReason.STOP, 30)


@pytest.mark.parametrize("max_tokens", range(1, 20))
async def test_no_more_than_max_tokens_are_drafted(max_tokens: int) -> None:
    async with running(engine(max_num_draft_tokens=16)) as speculating:
        one = request([*range(20, 50), 20, 21], replace(GREEDY, max_tokens=max_tokens))
        (outputs,) = await outputs_of(speculating, [one])
        stats = speculating.stats()
    assert token_ids(outputs) == list(range(22, 22 + max_tokens))
    assert outputs[-1].finish_reason is FinishReason.LENGTH
    assert stats.num_accepted_tokens == stats.num_draft_tokens < max_tokens


async def test_a_bad_row_of_a_wrong_draft_harms_nobody() -> None:
    """The logits after a token that is never sampled may be anything."""

    class Fragile(Copier):
        def _logits(self, batch: Batch, token: int) -> Float32:
            logits = super()._logits(batch, token)
            return np.full_like(logits, np.nan) if batch.input_ids[token] == VOCAB_SIZE - 2 else logits

    one = request([1, 2, 3], replace(GREEDY, logit_bias={VOCAB_SIZE - 2: -100.0}))
    async with running(engine()) as plain:
        expected = await outputs_of(plain, [one])
    with drafted_as(always_wrong):
        async with running(engine(Fragile(), max_num_draft_tokens=8)) as speculating:
            assert await outputs_of(speculating, [one]) == expected
            stats = speculating.stats()
            assert stats.num_draft_tokens > stats.num_accepted_tokens == 0


async def test_drafts_preempt_nobody() -> None:
    batch = [request([i] * 10, replace(GREEDY, max_tokens=30)) for i in range(4)]
    async with running(engine(num_blocks=40, window=0)) as plain:
        expected = await outputs_of(plain, batch)
        assert plain.stats().num_preemptions == 0
    async with running(engine(num_blocks=40, window=0, max_num_draft_tokens=16)) as speculating:
        assert await outputs_of(speculating, batch) == expected
        stats = speculating.stats()
    assert stats.num_preemptions == 0
    assert stats.num_draft_tokens > 0
