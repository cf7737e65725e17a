"""Outputs wait for their reader, and a stream that is left early aborts once."""

import asyncio
import gc

import pytest

from ossian.engine.base import EngineOutput, FinishReason
from ossian.engine.embedded.stream import EmbeddedStream
from ossian.errors import EngineError


class Aborts:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


FIRST, SECOND = EngineOutput((1,)), EngineOutput((2,))
LAST = EngineOutput((3,), finish_reason=FinishReason.STOP)


async def test_outputs_come_in_order_and_then_it_ends() -> None:
    aborts = Aborts()
    stream = EmbeddedStream(aborts)
    for output in (FIRST, SECOND, LAST):
        stream.add(output)
    assert [output async for output in stream] == [FIRST, SECOND, LAST]
    assert [output async for output in stream] == []
    await stream.aclose()
    del stream
    gc.collect()
    assert aborts.count == 0


async def test_a_reader_waits() -> None:
    stream = EmbeddedStream(Aborts())
    reader = asyncio.create_task(anext(stream))
    await asyncio.sleep(0)
    assert not reader.done()
    stream.add(FIRST)
    assert await reader is FIRST


async def test_an_error_is_raised_after_what_came_before_it() -> None:
    stream = EmbeddedStream(Aborts())
    stream.add(FIRST)
    stream.add(EngineError("broken"))
    assert await anext(stream) is FIRST
    with pytest.raises(EngineError, match="broken"):
        await anext(stream)
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_closing_aborts_once_and_ends_it() -> None:
    aborts = Aborts()
    stream = EmbeddedStream(aborts)
    stream.add(FIRST)
    await stream.aclose()
    await stream.aclose()
    stream.add(SECOND)
    assert [output async for output in stream] == []
    assert aborts.count == 1


async def test_closing_wakes_a_reader() -> None:
    stream = EmbeddedStream(Aborts())
    reader = asyncio.create_task(anext(stream, None))
    await asyncio.sleep(0)
    await stream.aclose()
    assert await reader is None


async def test_a_cancelled_read_closes() -> None:
    aborts = Aborts()
    stream = EmbeddedStream(aborts)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(stream), 0.001)
    assert aborts.count == 1
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_dropping_it_aborts() -> None:
    aborts = Aborts()
    stream = EmbeddedStream(aborts)
    stream.add(FIRST)
    del stream
    gc.collect()
    assert aborts.count == 1
