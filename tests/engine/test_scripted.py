"""The engine double keeps the promises of engine/base.py."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from ossian.engine.base import Engine, EngineOutput, EngineRequest, FinishReason, SamplingParams
from ossian.engine.scripted import ScriptedEngine
from ossian.errors import ContextLengthError, EngineDeadError, EngineError, EngineOverloadedError

STOP = 200_002


def request(*prompt: int, **sampling: Any) -> EngineRequest:
    return EngineRequest("r", prompt or (1, 2), SamplingParams(**sampling))


async def outputs(stream: AsyncIterator[EngineOutput]) -> list[EngineOutput]:
    return [output async for output in stream]


async def token_ids(engine: Engine, a_request: EngineRequest) -> list[int]:
    return [token_id for output in await outputs(await engine.generate(a_request)) for token_id in output.token_ids]


async def test_it_replays_up_to_the_stop_token() -> None:
    engine = ScriptedEngine([5, 6, STOP, 7])
    read = await outputs(await engine.generate(request()))
    assert [output.token_ids for output in read] == [(5,), (6,), (STOP,)]
    assert [output.finish_reason for output in read] == [None, None, FinishReason.STOP]
    assert read[-1].stop_token_id == STOP


async def test_the_script_may_depend_on_the_prompt() -> None:
    engine = ScriptedEngine(lambda prompt: [*reversed(prompt), STOP])
    assert await token_ids(engine, request(3, 4)) == [4, 3, STOP]


async def test_max_tokens_and_stop_tokens_are_honoured() -> None:
    engine = ScriptedEngine([5, 6, STOP, 7])
    read = await outputs(await engine.generate(request(max_tokens=2)))
    assert read[-1].finish_reason is FinishReason.LENGTH
    assert len(read) == 2
    assert await token_ids(engine, request(stop_token_ids=(5,))) == [5]
    assert await token_ids(engine, request(ignore_eos=True)) == [5, 6, STOP, 7]


async def test_no_tokens_may_be_asked_for() -> None:
    (output,) = await outputs(await ScriptedEngine([5]).generate(request(max_tokens=0, num_prompt_logprobs=1)))
    assert (output.token_ids, output.finish_reason) == ((), FinishReason.LENGTH)
    assert output.prompt_logprobs is not None


async def test_an_empty_script_still_ends() -> None:
    (output,) = await outputs(await ScriptedEngine([]).generate(request()))
    assert output.finish_reason is FinishReason.STOP


async def test_closing_frees_whether_or_not_it_was_read() -> None:
    engine = ScriptedEngine([5, 6, 7])
    unread, read = await engine.generate(request()), await engine.generate(request())
    await anext(read)
    assert engine.stats().num_running == 1
    for stream in (unread, read, read):
        await stream.aclose()
    assert engine.stats().num_running == 0
    assert await outputs(read) == []


async def test_a_failure_reaches_every_stream_and_the_engine_stays_dead() -> None:
    engine = ScriptedEngine([5, 6, 7], fail_after=1)
    first, second = await engine.generate(request()), await engine.generate(request())
    await anext(first)
    engine.check()
    with pytest.raises(EngineError):
        await anext(first)
    with pytest.raises(EngineError):
        await anext(second)
    with pytest.raises(EngineDeadError):
        engine.check()
    with pytest.raises(EngineDeadError):
        await engine.generate(request())
    assert engine.stats().num_generated_tokens == 1


async def test_it_refuses_what_does_not_fit() -> None:
    engine = ScriptedEngine([5])
    with pytest.raises(ContextLengthError, match="131072"):
        await engine.generate(EngineRequest("r", range(131_072)))


async def test_it_is_overloaded_over_max_num_seqs() -> None:
    engine = ScriptedEngine([5, 6], max_num_seqs=1)
    stream = await engine.generate(request())
    await anext(stream)
    with pytest.raises(EngineOverloadedError, match="the most is 1"):
        await engine.generate(request())
    await stream.aclose()
    await engine.generate(request())


async def test_logprobs_when_asked_for() -> None:
    engine = ScriptedEngine([5, STOP])
    plain, *_ = await outputs(await engine.generate(request()))
    assert plain.logprobs is None
    assert plain.prompt_logprobs is None
    first, second = await outputs(await engine.generate(request(num_logprobs=2, num_prompt_logprobs=0)))
    assert first.logprobs is not None
    assert first.logprobs[0].top_ids == (5, 6)
    assert first.prompt_logprobs is not None
    assert [logprobs and logprobs.token_id for logprobs in first.prompt_logprobs] == [None, 2]
    assert second.prompt_logprobs is None


async def test_the_token_mask_hears_every_token() -> None:
    heard: list[int] = []

    class Mask:
        def allowed(self) -> None:
            return None

        def advance(self, token_id: int) -> tuple[int, ...]:
            heard.append(token_id)
            return ()

    engine = ScriptedEngine([5, 6, STOP])
    await outputs(await engine.generate(EngineRequest("r", [1], token_mask=Mask())))
    assert heard == [5, 6, STOP]


async def test_stats_add_up() -> None:
    engine = ScriptedEngine([5, STOP], num_cached_tokens=1)
    await token_ids(engine, request(1, 2, 3))
    stats = engine.stats()
    assert (stats.num_prompt_tokens, stats.num_generated_tokens, stats.num_cached_tokens) == (3, 2, 1)
