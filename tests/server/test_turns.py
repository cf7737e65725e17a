import asyncio
from collections.abc import AsyncGenerator, Callable

import pytest

from ossian.errors import EngineError, EngineOverloadedError
from ossian.harmony.events import TextDelta, TurnEvent
from ossian.server.turns import Turns, admit


class Source:
    """Events of a turn that a test lets happen."""

    def __init__(self, *texts: str, error: Exception | None = None, is_endless: bool = False) -> None:
        self._texts = texts
        self._error = error
        self._is_endless = is_endless
        self.num_closed = 0
        self._events = self._generate()

    async def _generate(self) -> AsyncGenerator[TurnEvent]:
        for text in self._texts:
            await asyncio.sleep(0)
            yield TextDelta(text)
        if self._error is not None:
            raise self._error
        if self._is_endless:
            await asyncio.Event().wait()

    def __aiter__(self) -> AsyncGenerator[TurnEvent]:
        return self._events

    async def aclose(self) -> None:
        self.num_closed += 1
        await self._events.aclose()


def turns_of(*sources: Source, note: Callable[[int, TurnEvent], None] = lambda index, event: None) -> Turns:
    return Turns(list(sources), note)


async def read(turns: Turns) -> list[tuple[int, str]]:
    return [(index, event.text) async for index, event in turns.events() if isinstance(event, TextDelta)]


async def test_one_turn() -> None:
    assert await read(turns_of(Source("a", "b"))) == [(0, "a"), (0, "b")]


async def test_no_text_is_no_event() -> None:
    assert await read(turns_of(Source())) == []


async def test_several_turns_keep_their_own_order() -> None:
    events = await read(turns_of(Source("a", "b", "c"), Source("d"), Source("e", "f")))
    assert [text for index, text in events if index == 0] == ["a", "b", "c"]
    assert [text for index, text in events if index == 1] == ["d"]
    assert [text for index, text in events if index == 2] == ["e", "f"]


async def test_several_turns_happen_at_the_same_time() -> None:
    turns = turns_of(Source("a", is_endless=True), Source("b"))
    events = turns.events()
    assert {(await anext(events))[0], (await anext(events))[0]} == {0, 1}
    await events.aclose()
    await turns.aclose()


async def test_every_event_is_noted() -> None:
    noted: list[int] = []
    await read(turns_of(Source("a"), Source("b", "c"), note=lambda index, event: noted.append(index)))
    assert sorted(noted) == [0, 1, 1]


@pytest.mark.parametrize("num_others", [0, 2])
async def test_a_turn_that_fails_ends_all(num_others: int) -> None:
    others = [Source("b", is_endless=True) for _ in range(num_others)]
    turns = turns_of(Source("a", error=EngineError("no")), *others)
    with pytest.raises(EngineError, match="no"):
        await read(turns)
    await turns.aclose()
    assert all(source.num_closed for source in others)


@pytest.mark.parametrize("num_turns", [1, 3])
@pytest.mark.parametrize("num_read", [0, 1])
async def test_closing_ends_what_is_still_running(num_turns: int, num_read: int) -> None:
    sources = [Source("a", "b", is_endless=True) for _ in range(num_turns)]
    turns = turns_of(*sources)
    events = turns.events()
    for _ in range(num_read):
        await anext(events)
    await events.aclose()
    await turns.aclose()
    await turns.aclose()
    assert all(source.num_closed for source in sources)
    assert len(asyncio.all_tasks()) == 1


async def test_closing_while_a_reader_waits_is_fine() -> None:
    turns = turns_of(Source(is_endless=True), Source(is_endless=True))
    reading = asyncio.create_task(read(turns))
    await asyncio.sleep(0)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await turns.aclose()
    assert len(asyncio.all_tasks()) == 1


async def test_a_slow_reader_holds_the_turns_back() -> None:
    turns = turns_of(*(Source(*"abcdefghij" * 10) for _ in range(2)))
    noted = 0
    async for _ in turns.events():
        noted += 1
        await asyncio.sleep(0)
    assert noted == 200


async def test_all_turns_are_admitted() -> None:
    async def start(text: str) -> Source:
        return Source(text)

    turns = await admit(["a", "b"], start, lambda index, event: None)
    assert sorted(await read(turns)) == [(0, "a"), (1, "b")]


async def test_a_turn_that_is_refused_aborts_those_before_it() -> None:
    started: list[Source] = []

    async def start(text: str) -> Source:
        if len(started) == 2:
            raise EngineOverloadedError("full")
        started.append(Source(text))
        return started[-1]

    with pytest.raises(EngineOverloadedError, match="full"):
        await admit(["a", "b", "c"], start, lambda index, event: None)
    assert [source.num_closed for source in started] == [1, 1]
