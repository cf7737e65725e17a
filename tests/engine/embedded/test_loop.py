"""The step thread fails loudly, stops cleanly and sleeps in between."""

import asyncio
import sys

import pytest

from ossian.engine.base import FinishReason, SamplingParams
from ossian.engine.embedded.batch import Batch
from ossian.engine.embedded.kernels import Float32
from ossian.errors import EngineDeadError, EngineError, TokenMaskError
from tests.engine.embedded.doubles import Gate, PrefixModel, generate, read, request, running, settled, tiny_engine

GREEDY = SamplingParams(temperature=0.0, seed=0, max_tokens=12, ignore_eos=True)


async def test_a_failed_step_is_told_to_everyone_and_nobody_is_admitted_after_it() -> None:
    gate = Gate()
    async with running(tiny_engine(model=gate, max_num_seqs=2)) as engine:
        streams = [await engine.generate(request([i], GREEDY)) for i in range(4)]
        await gate.steps(1)
        gate.fail()
        outputs = await asyncio.gather(*map(read, streams), return_exceptions=True)
        assert [type(output) for output in outputs] == [EngineError] * 4
        with pytest.raises(EngineDeadError, match="RuntimeError"):
            engine.check()
        with pytest.raises(EngineDeadError):
            await engine.generate(request([1]))
        stats = engine.stats()
        assert (stats.num_running, stats.num_waiting, stats.num_free_blocks) == (0, 0, stats.num_blocks)


async def test_a_panic_in_a_step_is_told_to_everyone() -> None:
    class Panic(BaseException):
        """As a library written in Rust raises it: no Exception."""

    class Panics(PrefixModel):
        def forward(self, batch: Batch) -> Float32:
            raise Panic("unreachable")

    async with running(tiny_engine(model=Panics())) as engine:
        stream = await engine.generate(request([1], GREEDY))
        async with asyncio.timeout(30):
            with pytest.raises(EngineError):
                await read(stream)
        with pytest.raises(EngineDeadError, match="Panic"):
            engine.check()


async def test_a_failed_step_is_told_when_the_log_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    class ClosedLog:
        def exception(self, event: str, **values: object) -> None:
            raise BrokenPipeError

    monkeypatch.setattr("ossian.engine.embedded.loop.logger", ClosedLog())
    gate = Gate()
    async with running(tiny_engine(model=gate)) as engine:
        stream = await engine.generate(request([1], GREEDY))
        gate.fail()
        async with asyncio.timeout(30):
            with pytest.raises(EngineError):
                await read(stream)


async def test_a_limit_met_ends_its_own_stream_only_when_the_log_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class ClosedLog:
        def warning(self, event: str, **values: object) -> None:
            raise BrokenPipeError

    class MeetsALimit:
        def allowed(self) -> None:
            raise TokenMaskError("too many states")

        def advance(self, token_id: int) -> None:
            raise NotImplementedError

    monkeypatch.setattr("ossian.engine.embedded.loop.logger", ClosedLog())
    async with running(tiny_engine()) as engine:
        good, limited = (
            await engine.generate(request([1], GREEDY)),
            await engine.generate(request([2], GREEDY, token_mask=MeetsALimit())),
        )
        assert (await read(limited))[-1].finish_reason is FinishReason.LENGTH
        assert (await read(good))[-1].finish_reason is not None


async def test_a_grammar_that_fails_ends_its_own_stream_only() -> None:
    class FailsToSay:
        def allowed(self) -> None:
            raise RuntimeError("no state")

        def advance(self, token_id: int) -> None:
            raise NotImplementedError

    async with running(tiny_engine()) as engine:
        good, bad = (
            await engine.generate(request([1], GREEDY)),
            await engine.generate(request([2], GREEDY, token_mask=FailsToSay())),
        )
        with pytest.raises(EngineError, match="token mask failed"):
            await read(bad)
        assert len(await read(good)) == 12
        engine.check()
        await settled(engine)
        assert engine.stats().num_free_blocks == engine.stats().num_blocks


async def test_stopping_ends_every_stream() -> None:
    gate = Gate()
    engine = tiny_engine(model=gate, max_num_seqs=2)
    await engine.start()
    streams = [await engine.generate(request([i], GREEDY)) for i in range(4)]
    await gate.steps(1)
    stopping = asyncio.create_task(engine.stop())
    await asyncio.sleep(0)  # it has asked; the step at the gate is the last
    gate.open()
    await stopping
    for outputs in await asyncio.gather(*map(read, streams)):
        assert outputs[-1].finish_reason is FinishReason.ABORT
    with pytest.raises(EngineDeadError, match="stopped"):
        await engine.generate(request([1]))
    assert engine.stats().num_free_blocks == engine.stats().num_blocks
    await engine.stop()


async def test_it_stops_after_a_failure_and_before_a_start() -> None:
    await tiny_engine().stop()
    gate = Gate()
    engine = tiny_engine(model=gate)
    await engine.start()
    gate.fail()
    with pytest.raises(EngineError):
        await read(await engine.generate(request([1])))
    await engine.stop()


def test_it_ends_with_an_event_loop_that_was_closed_under_it() -> None:
    gate = Gate()
    engine = tiny_engine(model=gate)

    async def leave() -> None:
        await engine.start()
        stream = await engine.generate(request([1], GREEDY))
        engine.kept = stream  # type: ignore[attr-defined]  # keeps the stream alive

    asyncio.run(leave())
    gate.open()
    engine._steps.join()


async def test_an_idle_engine_sleeps_on_its_inbox() -> None:
    async with running(tiny_engine()) as engine:
        await generate(engine, request([1], GREEDY))
        await settled(engine)
        stats = engine._steps.stats
        await asyncio.sleep(0.05)
        frame = sys._current_frames()[engine._steps._thread.ident or 0]
        assert frame.f_code.co_name == "_wait_for_work"
        assert engine._steps.stats is stats
