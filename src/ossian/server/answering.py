"""From admitted turns to the HTTP answer, streamed or whole: both read the same chunks."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Protocol

from fastapi import Request, Response

from ossian.api.fields import JsonObject
from ossian.harmony.events import TurnEvent
from ossian.server.disconnect import while_connected
from ossian.server.errors import JsonResponse
from ossian.server.late_turns import AnyTurns
from ossian.server.sse import EventStream


class Chunks(Protocol):
    """Makes chunks of a wire format from events."""

    def open(self) -> Iterator[JsonObject]: ...

    def push(self, index: int, event: TurnEvent) -> Iterator[JsonObject]: ...

    def close(self) -> Iterator[JsonObject]: ...


class Answer(Protocol):
    """Folds chunks into the full answer."""

    def add(self, chunk: JsonObject) -> None: ...

    def body(self) -> JsonObject: ...


def streamed(turns: AnyTurns, chunks: Chunks, keep_alive_seconds: float) -> Response:
    """Return the stream of the turns' chunks."""
    return EventStream(_chunks(turns, chunks), turns, keep_alive_seconds)


async def whole(request: Request, turns: AnyTurns, chunks: Chunks, answer: Answer) -> Response:
    """Return the full answer. The turns are aborted when the client leaves first."""
    try:
        return JsonResponse(await while_connected(request.receive, _folded(turns, chunks, answer)))
    finally:
        await turns.aclose()


async def _folded(turns: AnyTurns, chunks: Chunks, answer: Answer) -> JsonObject:
    async with aclosing(_chunks(turns, chunks)) as stream:
        async for chunk in stream:
            answer.add(chunk)
    return answer.body()


async def _chunks(turns: AnyTurns, chunks: Chunks) -> AsyncGenerator[JsonObject]:
    for chunk in chunks.open():
        yield chunk
    async with aclosing(turns.events()) as events:
        async for index, event in events:
            for chunk in chunks.push(index, event):
                yield chunk
    for chunk in chunks.close():
        yield chunk
