"""The engine as its callers see it: what it gives does not depend on who else is there."""

import asyncio
import gc
from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ossian.engine.base import Engine, EngineOutput, EngineRequest, FinishReason, SamplingParams, TokenLogprobs
from ossian.engine.embedded import kernels
from ossian.engine.embedded.step_pace import LEAST_PREFILL
from ossian.errors import ContextLengthError, EngineOverloadedError, InvalidRequestError
from tests.engine.embedded.doubles import (
    STOP_TOKEN_ID,
    VOCAB_SIZE,
    Gate,
    PrefixModel,
    generate,
    prefix_logits,
    read,
    request,
    running,
    settled,
    tiny_engine,
    token_ids,
)

GREEDY = SamplingParams(temperature=0.0, seed=0, max_tokens=12, ignore_eos=True)


def expected(one: EngineRequest, max_model_len: int = 96) -> list[int]:
    """What one request gives alone, without an engine: model, sampler, and nothing else."""
    sampling, tokens = one.sampling, list(one.prompt_token_ids)
    max_tokens = max_model_len if sampling.max_tokens is None else sampling.max_tokens
    out = np.zeros(1, np.int32)
    for step in range(min(max_tokens, max_model_len - len(tokens))):
        kernels.sample(
            prefix_logits(tokens)[None],
            np.array([sampling.temperature], np.float32),
            np.array([sampling.top_k], np.int32),
            np.array([sampling.top_p], np.float32),
            np.array([sampling.min_p], np.float32),
            np.array([sampling.seed], np.uint64),
            np.array([step], np.int64),
            [None],
            out,
        )
        tokens.append(int(out[0]))
        if tokens[-1] == STOP_TOKEN_ID and not sampling.ignore_eos:
            break
    return tokens[len(one.prompt_token_ids) :]


samplings = st.builds(
    SamplingParams,
    temperature=st.sampled_from([0.0, 0.7, 1.0]),
    top_p=st.sampled_from([1.0, 0.9]),
    top_k=st.sampled_from([0, 5]),
    min_p=st.sampled_from([0.0, 0.05]),
    seed=st.integers(0, 3),
    max_tokens=st.integers(1, 30),
    ignore_eos=st.booleans(),
)
prompts = st.builds(
    lambda prefix, rest: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10][:prefix] + rest,
    st.integers(1, 10),
    st.lists(st.integers(0, VOCAB_SIZE - 1), max_size=30),
)
requests = st.builds(request, prompts, samplings, cache_salt=st.sampled_from(["", "a"]))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(requests, min_size=1, max_size=8),
    st.integers(24, 40) | st.just(200),
    st.integers(1, 8),
    st.integers(0, 40),
    st.booleans(),
)
def test_together_each_gives_what_it_gives_alone(
    batch: list[EngineRequest], num_blocks: int, max_num_seqs: int, spare_budget: int, enable_prefix_cache: bool
) -> None:
    """With tiny and large token budgets, with prefix hits and without, and with too few blocks."""

    async def run() -> None:
        engine = tiny_engine(
            num_blocks=num_blocks,
            max_num_seqs=max_num_seqs,
            max_num_batched_tokens=max_num_seqs + spare_budget,
            enable_prefix_cache=enable_prefix_cache,
        )
        async with running(engine):
            first = await generate(engine, *batch)
            again = await generate(engine, *batch)  # now with every prefix cached
            assert first == again == [expected(one, engine.info.max_model_len) for one in batch]
            stats = engine.stats()
            assert stats.num_free_blocks == stats.num_blocks == num_blocks
            assert stats.num_generated_tokens == 2 * sum(map(len, first))
            assert enable_prefix_cache or stats.num_cached_tokens == 0

    asyncio.run(run())


async def test_the_time_that_steps_take_changes_their_size_and_nothing_else() -> None:
    long = [[number] * 300 for number in range(3)]
    batch = [request([9], replace(GREEDY, max_tokens=40)), *(request(prompt, GREEDY) for prompt in long)]
    sizes = []
    for seconds in (0.0, 5.0):
        model = PrefixModel()
        clock = count(0.0, seconds).__next__  # it is read before and after a step
        engine = tiny_engine(
            num_blocks=400, max_num_batched_tokens=256, max_model_len=400, model=model, clock=clock, max_num_seqs=4
        )
        streams = [await engine.generate(one) for one in batch]
        async with running(engine):
            answers = await asyncio.gather(*map(read, streams))
        assert [token_ids(outputs) for outputs in answers] == [expected(one, 400) for one in batch]
        sizes.append(sorted(each.num_tokens for each in model.batches))
    assert sizes[0][-3:] == [256, 256, 256]
    assert sizes[1][-2] <= 3 + LEAST_PREFILL  # the first step had no answer beside it


async def test_choices_of_one_prompt_share_its_computation() -> None:
    prompt = list(range(41))
    choices = [request(prompt, replace(GREEDY, seed=seed, temperature=1.0)) for seed in range(5)]
    model = PrefixModel()
    async with running(tiny_engine(model=model, max_num_batched_tokens=16, max_model_len=96)) as engine:
        streams = [await engine.generate(one) for one in choices]
        answers = await asyncio.gather(*map(read, streams))
    assert [token_ids(outputs) for outputs in answers] == [expected(one) for one in choices]
    assert [outputs[0].num_cached_tokens for outputs in answers] == [0, 40, 40, 40, 40]
    assert sum(batch.num_tokens for batch in model.batches) == 41 + 4 + 5 * 11  # the last token of each is not computed


async def test_preemption_changes_nothing_but_the_count() -> None:
    batch = [request([i] * 10, replace(GREEDY, max_tokens=40)) for i in range(4)]
    async with running(tiny_engine(num_blocks=20)) as engine:
        assert await generate(engine, *batch) == [expected(one, 80) for one in batch]
        assert engine.stats().num_preemptions > 0


async def test_the_seed_decides_and_none_is_a_fresh_one() -> None:
    sampling = SamplingParams(max_tokens=20, seed=7)
    async with running(tiny_engine()) as engine:
        one, same, other, *fresh = await generate(
            engine,
            *(request([1, 2], replace(sampling, seed=seed)) for seed in (7, 7, 8, None, None)),
        )
    assert one == same
    assert len({tuple(tokens) for tokens in (one, other, *fresh)}) == 4


async def test_a_stop_token_is_the_last_and_is_told() -> None:
    async with running(tiny_engine()) as engine:
        (tokens,) = await generate(engine, request([1, 2], replace(GREEDY, max_tokens=8)))
        sampling = replace(GREEDY, stop_token_ids=(tokens[4],))
        outputs = await read(await engine.generate(request([1, 2], sampling)))
    first_stop = tokens.index(tokens[4])
    assert token_ids(outputs) == tokens[: first_stop + 1]
    assert outputs[-1].finish_reason is FinishReason.STOP
    assert outputs[-1].stop_token_id == tokens[4]
    assert {output.finish_reason for output in outputs[:-1]} == {None}


async def test_the_models_stop_token_ends_unless_ignored() -> None:
    only_stop = SamplingParams(temperature=0.0, max_tokens=3, logit_bias={STOP_TOKEN_ID: 100.0})
    async with running(tiny_engine()) as engine:
        assert await generate(engine, request([1], only_stop)) == [[STOP_TOKEN_ID]]
        assert await generate(engine, request([1], replace(only_stop, ignore_eos=True))) == [[STOP_TOKEN_ID] * 3]


async def test_it_ends_with_the_context() -> None:
    async with running(tiny_engine(max_model_len=10)) as engine:
        outputs = await read(await engine.generate(request([1] * 7, replace(GREEDY, max_tokens=None))))
    assert len(token_ids(outputs)) == 3
    assert outputs[-1].finish_reason is FinishReason.LENGTH


async def test_cached_tokens_are_told_truly() -> None:
    prompt = list(range(11))
    async with running(tiny_engine(block_size=4)) as engine:
        for num_cached_tokens in (0, 10):
            outputs = await read(await engine.generate(request(prompt, GREEDY)))
            assert {output.num_cached_tokens for output in outputs} == {num_cached_tokens}
        assert engine.stats().num_cached_tokens == 10
        assert engine.stats().num_prompt_tokens == 22


async def test_an_answer_is_a_prefix_of_the_next_prompt() -> None:
    async with running(tiny_engine(block_size=4)) as engine:
        (answer,) = await generate(engine, request([1, 2, 3], GREEDY))
        (output, *_) = await read(await engine.generate(request([1, 2, 3, *answer, 4], GREEDY)))
    assert output.num_cached_tokens == 14  # the last token's K/V was never needed


@pytest.mark.parametrize("num_prompt_tokens", [9, 21, 24, 27])
async def test_a_turn_after_a_turn_computes_only_what_is_new(num_prompt_tokens: int) -> None:
    """Its reasoning is dropped, so it parts from the last one where that began to think."""
    prompt = list(range(num_prompt_tokens))
    thinking = replace(GREEDY, max_tokens=40)
    async with running(tiny_engine(block_size=4, window=10)) as engine:
        (thought,) = await generate(engine, request(prompt, thinking))
        again = request([*prompt, *(token_id ^ 1 for token_id in thought[:5])], GREEDY)
        outputs = await read(await engine.generate(again))
    assert {output.num_cached_tokens for output in outputs} == {num_prompt_tokens}
    assert token_ids(outputs) == expected(again)


async def test_tenants_share_nothing_of_a_turn() -> None:
    async with running(tiny_engine()) as engine:
        for salt, num_cached_tokens in (("a", 0), ("b", 0), ("a", 20)):
            (output, *_) = await read(await engine.generate(request(list(range(21)), GREEDY, cache_salt=salt)))
            assert output.num_cached_tokens == num_cached_tokens


async def test_a_prompt_can_be_scored_without_an_answer() -> None:
    sampling = SamplingParams(max_tokens=0, num_prompt_logprobs=2)
    prompt = [5, 6, 7, 8, 9, 10]
    async with running(tiny_engine(max_num_batched_tokens=8, max_num_seqs=4)) as engine:
        for _ in range(2):  # a prefix hit would leave tokens without a score
            (output,) = await read(await engine.generate(request(prompt, sampling)))
            assert (output.token_ids, output.finish_reason) == ((), FinishReason.LENGTH)
            assert_scores(output.prompt_logprobs, prompt)


def assert_scores(scores: Sequence[TokenLogprobs | None] | None, prompt: list[int]) -> None:
    assert scores is not None
    assert scores[0] is None
    assert len(scores) == len(prompt)
    for position, score in enumerate(scores[1:]):
        logprob, top_ids, top_logprobs = kernels.top_logprobs(
            prefix_logits(prompt[: position + 1]), prompt[position + 1], 2
        )
        assert score is not None
        assert (score.token_id, score.logprob) == (prompt[position + 1], logprob)
        assert score.top_ids == tuple(top_ids.tolist())
        assert score.top_logprobs == tuple(top_logprobs.tolist())


async def test_scored_prompts_of_any_budget_in_company() -> None:
    prompts = [list(range(i, i + 20 + i)) for i in range(3)]
    batch = [request(prompt, SamplingParams(max_tokens=3, seed=1, num_prompt_logprobs=2)) for prompt in prompts]
    async with running(tiny_engine(num_blocks=24, max_num_seqs=4, max_num_batched_tokens=7)) as engine:
        streams = [await engine.generate(one) for one in (*batch, request([1], GREEDY))]
        *answers, other = await asyncio.gather(*map(read, streams))
    assert token_ids(other) == expected(request([1], GREEDY))
    for prompt, outputs, one in zip(prompts, answers, batch, strict=True):
        assert token_ids(outputs) == expected(one)
        assert_scores(outputs[0].prompt_logprobs, prompt)
        assert {output.prompt_logprobs for output in outputs[1:]} == {None}


async def test_logprobs_are_of_the_models_own_distribution() -> None:
    sampling = SamplingParams(temperature=0.5, seed=3, max_tokens=4, num_logprobs=3, frequency_penalty=1.0, top_k=4)
    async with running(tiny_engine()) as engine:
        outputs = await read(await engine.generate(request([1, 2, 3], sampling)))
    tokens = [1, 2, 3]
    for output in outputs:
        assert output.logprobs is not None
        ((token_id,), (logprobs,)) = output.token_ids, output.logprobs
        logprob, top_ids, top_logprobs = kernels.top_logprobs(prefix_logits(tokens), token_id, 3)
        assert (logprobs.token_id, logprobs.logprob) == (token_id, logprob)
        assert logprobs.top_ids == tuple(top_ids.tolist())
        assert logprobs.top_logprobs == tuple(top_logprobs.tolist())
        tokens.append(token_id)


async def test_a_running_answer_gets_a_token_in_every_step_of_a_long_prefill() -> None:
    gate = Gate()
    async with running(tiny_engine(model=gate, max_num_batched_tokens=16)) as engine:
        answer = await engine.generate(request([1, 2], replace(GREEDY, max_tokens=30)))
        await gate.steps(1)
        prefill = await engine.generate(request(list(range(60)) + [1] * 20, GREEDY))
        for _ in range(5):
            await anext(answer)
            await gate.steps(1)
        gate.open()
        assert len(token_ids(await read(prefill))) == 12
    lens = [np.diff(batch.cu_seqlens_q).tolist() for batch in gate.batches]
    assert lens[:6] == [[2], [1], *[[1, 15]] * 4]  # the second step was at the gate when the prompt came


# Refusals


@pytest.mark.parametrize("num_tokens", [96, 97, 500])
async def test_a_prompt_that_leaves_no_room_is_refused_with_both_numbers(num_tokens: int) -> None:
    with pytest.raises(ContextLengthError, match=rf"96 tokens .* {num_tokens}"):
        await tiny_engine().generate(request([1] * num_tokens))


async def test_a_token_outside_the_vocabulary_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match=r"token id 64; the vocabulary is 0\.\.63"):
        await tiny_engine().generate(request([1, 64, 2]))


async def test_a_full_queue_is_refused_with_the_numbers() -> None:
    gate = Gate()
    async with running(tiny_engine(model=gate, max_num_seqs=2, max_num_waiting=3)) as engine:
        streams = [await engine.generate(request([i], GREEDY)) for i in range(5)]  # two of them will not wait
        with pytest.raises(EngineOverloadedError, match=r"which are 3 \(engine\.max_num_waiting\)"):
            await engine.generate(request([9], GREEDY))
        await gate.steps(1)
        assert engine.stats().num_waiting == 3
        with pytest.raises(EngineOverloadedError):
            await engine.generate(request([9], GREEDY))
        gate.open()
        assert [token_ids(outputs) for outputs in await asyncio.gather(*map(read, streams))] == [
            expected(request([i], GREEDY)) for i in range(5)
        ]


# Leaving


async def test_closing_frees_the_blocks_within_a_step() -> None:
    gate = Gate()
    async with running(tiny_engine(model=gate)) as engine:
        stream, other = [await engine.generate(request([i] * 9, GREEDY)) for i in range(2)]
        await gate.steps(1)
        await anext(stream)
        num_free_blocks = engine.stats().num_free_blocks
        await stream.aclose()
        await gate.steps(2)  # the one at hand when it was closed, and the one after
        assert engine.stats().num_running == 1
        assert engine.stats().num_free_blocks > num_free_blocks
        assert await read(stream) == []
        await stream.aclose()
        gate.open()
        assert token_ids(await read(other)) == expected(request([1] * 9, GREEDY))


@pytest.mark.parametrize("when", ["before it starts", "waiting", "in prefill", "in decode", "finished", "twice"])
async def test_closing_at_every_stage(when: str) -> None:
    gate = Gate()
    engine = tiny_engine(model=gate, max_num_seqs=2, max_num_batched_tokens=8)
    others = [await engine.generate(request([1] * 9, GREEDY)) for _ in range(2 if when == "waiting" else 1)]
    stream = await engine.generate(request([2] * 30, GREEDY))
    if when == "before it starts":
        await stream.aclose()
    async with running(engine):
        await gate.steps({"waiting": 1, "in prefill": 3, "in decode": 8}.get(when, 0))
        if when == "finished":
            gate.open()
            await read(stream)
        await stream.aclose()
        if when == "twice":
            await stream.aclose()
        gate.open()
        for other in others:
            assert token_ids(await read(other)) == expected(request([1] * 9, GREEDY))
        await settled(engine)
        assert engine.stats().num_free_blocks == engine.stats().num_blocks


async def test_a_cancelled_reader_leaves_nothing_behind() -> None:
    gate = Gate()
    async with running(tiny_engine(model=gate)) as engine:
        stream = await engine.generate(request([1] * 9, GREEDY))
        reader = asyncio.create_task(anext(stream))
        await asyncio.sleep(0)
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        gate.open()
        await settled(engine)
        assert engine.stats().num_free_blocks == engine.stats().num_blocks
        assert await read(stream) == []


async def test_a_dropped_stream_is_aborted() -> None:
    gate = Gate()
    async with running(tiny_engine(model=gate)) as engine:
        stream = await engine.generate(request([1] * 9, replace(GREEDY, max_tokens=80)))
        await gate.steps(1)
        await anext(stream)
        del stream
        gc.collect()
        gate.open()
        await settled(engine)
        assert engine.stats().num_generated_tokens < 80
        assert engine.stats().num_free_blocks == engine.stats().num_blocks


async def test_a_reader_in_another_task_ends_when_the_stream_is_closed() -> None:
    gate = Gate()
    async with running(tiny_engine(model=gate)) as engine:
        stream = await engine.generate(request([1] * 9, GREEDY))
        reader = asyncio.create_task(read(stream))
        await asyncio.sleep(0)
        await stream.aclose()
        assert await reader == []
        gate.open()


async def test_many_streams_with_random_aborts_leave_nothing_behind() -> None:
    rng = np.random.default_rng(0)
    engine = tiny_engine(num_blocks=40, max_num_seqs=8, max_num_batched_tokens=24, max_num_waiting=200)

    async def client(index: int) -> None:
        for turn in range(6):
            one = request([index % 3] * int(rng.integers(1, 40)), SamplingParams(seed=turn, max_tokens=20))
            stream = await engine.generate(one)
            num_read = int(rng.integers(0, 25))
            outputs: list[EngineOutput] = []
            while len(outputs) < num_read and (output := await anext(stream, None)) is not None:
                outputs.append(output)
            assert token_ids(outputs) == expected(one)[:num_read]
            await stream.aclose()

    num_tasks = len(asyncio.all_tasks())
    async with running(engine):
        await asyncio.gather(*(client(index) for index in range(32)))
        await settled(engine)
        assert engine.stats().num_free_blocks == 40
    assert len(asyncio.all_tasks()) == num_tasks


def test_it_is_an_engine() -> None:
    engine: Engine = tiny_engine()
    assert engine.info.model == "tiny"
