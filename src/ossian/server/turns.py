"""Several turns of one request as one stream of events."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, aclosing
from typing import Protocol, TypeVar

from ossian.harmony.events import TurnEvent

RequestT = TypeVar("RequestT")
IndexedEvent = tuple[int, TurnEvent]


class EventSource(Protocol):
    """The events of one turn, as generation.TurnStream gives them."""

    def __aiter__(self) -> AsyncIterator[TurnEvent]: ...

    async def aclose(self) -> None: ...


class Turns:
    """The admitted turns of one request. Closing them aborts those that are still running."""

    def __init__(self, sources: list[EventSource], note: Callable[[int, TurnEvent], None]) -> None:
        self._sources = sources
        self._note = note
        self._readers: list[asyncio.Task[None]] = []

    async def events(self) -> AsyncGenerator[IndexedEvent]:
        """Yield (index, event) of all turns, in the order they happen. Raises what a turn raises."""
        async with aclosing(self._only() if len(self._sources) == 1 else self._merged()) as events:
            async for index, event in events:
                self._note(index, event)
                yield index, event

    async def aclose(self) -> None:
        """Abort what is still running. Closing twice is fine."""
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        for source in self._sources:
            await source.aclose()

    async def _only(self) -> AsyncGenerator[IndexedEvent]:
        async for event in self._sources[0]:
            yield 0, event

    async def _merged(self) -> AsyncGenerator[IndexedEvent]:
        queue: asyncio.Queue[IndexedEvent | Exception | None] = asyncio.Queue(maxsize=2 * len(self._sources))
        self._readers = [asyncio.create_task(_read(index, source, queue)) for index, source in enumerate(self._sources)]
        num_open = len(self._sources)
        while num_open:
            item = await queue.get()
            if isinstance(item, Exception):
                raise item
            if item is None:
                num_open -= 1
            else:
                yield item


async def _read(index: int, source: EventSource, queue: asyncio.Queue[IndexedEvent | Exception | None]) -> None:
    """Put a turn's events into the queue, then None, or the exception that ended it."""
    try:
        async for event in source:
            await queue.put((index, event))
        await queue.put(None)
    except Exception as error:
        await queue.put(error)


async def admit(
    requests: Iterable[RequestT],
    start: Callable[[RequestT], Awaitable[EventSource]],
    note: Callable[[int, TurnEvent], None],
) -> Turns:
    """Admit every turn or none: when one is refused, those before it are aborted, and its exception is raised.

    Turns with a prompt of token ids are admitted without a pause, so that requests of many turns cannot all fill a
    part of the queue and all be refused.
    """
    sources: list[EventSource] = []
    async with AsyncExitStack() as admitted:
        for request in requests:
            source = await start(request)
            admitted.push_async_callback(source.aclose)
            sources.append(source)
        admitted.pop_all()
    return Turns(sources, note)
