"""Token masks in the engine: what is forced is what sampling would have given, whoever else is there."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ossian.engine.base import EngineRequest, FinishReason, SamplingParams
from ossian.errors import TokenMaskError
from tests.engine.embedded.doubles import (
    STOP_TOKEN_ID,
    VOCAB_SIZE,
    generate,
    read,
    request,
    running,
    tiny_engine,
    token_ids,
)

GREEDY = SamplingParams(temperature=0.0, seed=0, max_tokens=30)


class Runs:
    """A grammar in which runs of tokens follow some: with `forces` it says so, else it allows nothing else."""

    def __init__(self, *, forces: bool, fails_after: int | None = None) -> None:
        self.forces = forces
        self.left = fails_after
        self.run: list[int] = []

    def allowed(self) -> NDArray[np.uint32]:
        if self.left is not None and self.left <= 0:
            raise TokenMaskError("too many states")
        words = np.zeros(VOCAB_SIZE // 32, np.uint32)
        for token_id in self.run[:1] or range(0, VOCAB_SIZE, 3):
            words[token_id // 32] |= np.uint32(1 << token_id % 32)
        return words

    def advance(self, token_id: int) -> Sequence[int]:
        if self.left is not None:
            self.left -= 1
        if self.run:
            self.run.pop(0)
            return ()
        run = [(token_id + step) % VOCAB_SIZE for step in range(1, token_id % 8)]
        if self.forces:
            return run
        self.run = run
        return ()


samplings = st.builds(
    SamplingParams,
    temperature=st.sampled_from([0.0, 1.0]),
    seed=st.integers(0, 3),
    max_tokens=st.integers(1, 40),
    stop_token_ids=st.sampled_from([(), (7, 8)]),
)
prompts = st.lists(st.integers(0, VOCAB_SIZE - 1), min_size=1, max_size=20)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(prompts, samplings, st.booleans()), min_size=1, max_size=6),
    st.integers(20, 40) | st.just(200),
    st.integers(1, 6),
    st.integers(0, 30),
    st.booleans(),
)
def test_forced_tokens_are_those_that_sampling_would_give(
    batch: list[tuple[list[int], SamplingParams, bool]],
    num_blocks: int,
    max_num_seqs: int,
    spare_budget: int,
    enable_prefix_cache: bool,
) -> None:
    """With tiny and large token budgets, preemption, prefix hits, stop tokens in a run, and unmasked company."""

    def requests(*, forces: bool) -> list[EngineRequest]:
        return [
            request(prompt, sampling, token_mask=Runs(forces=forces) if is_masked else None)
            for prompt, sampling, is_masked in batch
        ]

    async def run() -> None:
        engine = tiny_engine(
            num_blocks=num_blocks,
            max_num_seqs=max_num_seqs,
            max_num_batched_tokens=max_num_seqs + spare_budget,
            enable_prefix_cache=enable_prefix_cache,
        )
        async with running(engine):
            sampled = await generate(engine, *requests(forces=False))
            forced = await generate(engine, *requests(forces=True))
            again = await generate(engine, *requests(forces=True))
            assert sampled == forced == again
            assert engine.stats().num_free_blocks == num_blocks

    asyncio.run(run())


async def test_forced_tokens_come_in_one_output_and_save_steps() -> None:
    async with running(tiny_engine()) as engine:
        (sampled,) = await generate(engine, request([1], GREEDY, token_mask=Runs(forces=False)))
        num_sampled_steps = engine.stats().num_steps
        outputs = await read(await engine.generate(request([1], GREEDY, token_mask=Runs(forces=True))))
        stats = engine.stats()
    assert token_ids(outputs) == sampled
    assert max(len(output.token_ids) for output in outputs) > 1
    assert stats.num_steps - num_sampled_steps < num_sampled_steps
    assert stats.num_forced_tokens == sum(max(0, len(output.token_ids) - 1) for output in outputs)


async def test_a_run_ends_at_max_tokens_and_at_a_stop_token() -> None:
    async with running(tiny_engine()) as engine:
        (whole,) = await generate(engine, request([1], GREEDY, token_mask=Runs(forces=True)))
        for max_tokens in range(1, 12):
            sampling = replace(GREEDY, max_tokens=max_tokens)
            outputs = await read(await engine.generate(request([1], sampling, token_mask=Runs(forces=True))))
            assert token_ids(outputs) == whole[:max_tokens]
            is_stopped = whole[max_tokens - 1] == STOP_TOKEN_ID
            assert outputs[-1].finish_reason is (FinishReason.STOP if is_stopped else FinishReason.LENGTH)
        stop = whole[2]
        sampling = replace(GREEDY, stop_token_ids=(stop,))
        outputs = await read(await engine.generate(request([1], sampling, token_mask=Runs(forces=True))))
        assert token_ids(outputs) == whole[: whole.index(stop) + 1]
        assert outputs[-1].stop_token_id == stop


async def test_a_grammar_that_meets_a_limit_cuts_its_own_sequence_off() -> None:
    async with running(tiny_engine()) as engine:
        for num_tokens in (0, 3):
            mask = Runs(forces=False, fails_after=num_tokens)
            good = await engine.generate(request([1], replace(GREEDY, ignore_eos=True)))
            outputs = await read(await engine.generate(request([2], GREEDY, token_mask=mask)))
            assert len(token_ids(outputs)) == num_tokens
            assert outputs[-1].finish_reason is FinishReason.LENGTH
            assert len(token_ids(await read(good))) == 30
        stats = engine.stats()
    assert stats.num_failed_masks == 2
    assert stats.num_prompt_tokens == 4
    assert stats.num_free_blocks == stats.num_blocks
