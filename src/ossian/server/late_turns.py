"""Turns that wait for a place while their stream has begun: a client that hears nothing for too long gives up."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from typing import Any, TypeAlias

from starlette.types import Receive

from ossian.server.disconnect import while_connected
from ossian.server.turns import IndexedEvent, Turns


class LateTurns:
    """Turns whose events come once they are admitted."""

    def __init__(self, admitting: "asyncio.Task[Turns]") -> None:
        self._admitting = admitting

    async def events(self) -> AsyncGenerator[IndexedEvent]:
        """Yield (index, event) of all turns. Raises what admits them raises, and what a turn raises."""
        turns = await asyncio.shield(self._admitting)
        async with aclosing(turns.events()) as events:
            async for event in events:
                yield event

    async def aclose(self) -> None:
        """Leave the line, or abort what is running. Closing twice is fine."""
        self._admitting.cancel()
        (turns,) = await asyncio.gather(self._admitting, return_exceptions=True)
        if isinstance(turns, Turns):
            await turns.aclose()


AnyTurns: TypeAlias = Turns | LateTurns


async def in_time(admission: Coroutine[Any, Any, Turns], receive: Receive, patience: float | None) -> AnyTurns:
    """Return turns once they are admitted, or after `patience` seconds without it; None: only when they are.

    Raises what the admission raises, and ClientDisconnect as soon as the client leaves.
    """
    admitting = asyncio.create_task(admission)
    late = LateTurns(admitting)
    try:
        await while_connected(receive, asyncio.wait([admitting], timeout=patience))
    except BaseException:
        await late.aclose()
        raise
    return admitting.result() if admitting.done() else late
