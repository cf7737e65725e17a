import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message

from ossian.errors import EngineOverloadedError
from ossian.harmony.events import TextDelta, TurnEvent
from ossian.server.late_turns import LateTurns, in_time
from ossian.server.turns import Turns


class Source:
    """A turn of one word that notices its end."""

    def __init__(self) -> None:
        self.is_closed = False

    async def _events(self) -> AsyncGenerator[TurnEvent]:
        yield TextDelta("word")

    def __aiter__(self) -> AsyncIterator[TurnEvent]:
        return self._events()

    async def aclose(self) -> None:
        self.is_closed = True


class Line:
    """A line in which turns wait until a test calls them."""

    def __init__(self) -> None:
        self.called = asyncio.Event()
        self.source = Source()
        self.error: Exception | None = None
        self.num_left = 0

    async def admit(self) -> Turns:
        try:
            await self.called.wait()
        except asyncio.CancelledError:
            self.num_left += 1
            raise
        if self.error is not None:
            raise self.error
        return Turns([self.source], lambda _index, _event: None)


@pytest.fixture
async def line() -> Line:
    return Line()


async def stays() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


async def leaves() -> Message:
    return {"type": "http.disconnect"}


async def words(turns: Turns | LateTurns) -> list[str]:
    return [event.text async for _, event in turns.events() if isinstance(event, TextDelta)]


async def test_turns_that_are_admitted_in_time_are_not_late(line: Line) -> None:
    line.called.set()
    turns = await in_time(line.admit(), stays, patience=None)
    assert isinstance(turns, Turns)
    assert await words(turns) == ["word"]


async def test_late_turns_come_when_they_are_admitted(line: Line) -> None:
    turns = await in_time(line.admit(), stays, patience=0)
    assert isinstance(turns, LateTurns)
    reading = asyncio.create_task(words(turns))
    await asyncio.sleep(0)
    line.called.set()
    assert await reading == ["word"]
    await turns.aclose()
    await turns.aclose()
    assert line.source.is_closed
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize("patience", [None, 0])
async def test_who_is_turned_away_is_told(line: Line, patience: float | None) -> None:
    line.error = EngineOverloadedError("full")
    if patience is None:
        line.called.set()
        with pytest.raises(EngineOverloadedError, match="full"):
            await in_time(line.admit(), stays, patience)
    else:
        turns = await in_time(line.admit(), stays, patience)
        line.called.set()
        with pytest.raises(EngineOverloadedError, match="full"):
            await words(turns)
        await turns.aclose()


@pytest.mark.parametrize("patience", [None, 3600])
async def test_who_leaves_while_waiting_leaves_the_line(line: Line, patience: float | None) -> None:
    with pytest.raises(ClientDisconnect):
        await in_time(line.admit(), leaves, patience)
    assert line.num_left == 1
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize("is_read", [False, True])
async def test_closing_late_turns_leaves_the_line(line: Line, is_read: bool) -> None:
    turns = await in_time(line.admit(), stays, patience=0)
    reading = asyncio.create_task(words(turns)) if is_read else None
    await asyncio.sleep(0)
    if reading is not None:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    await turns.aclose()
    assert line.num_left == 1
    assert len(asyncio.all_tasks()) == 1


async def test_turns_that_nobody_reads_any_more_are_aborted(line: Line) -> None:
    turns = await in_time(line.admit(), stays, patience=0)
    line.called.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await turns.aclose()
    assert line.source.is_closed
