"""Remembers for a moment what the database said, and asks it once for all who wait for the same."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from cachetools import LRUCache

Found = TypeVar("Found")

MAX_AGE: Final = 0.5  # seconds until what another process changed is seen here
RENEWAL_AGE: Final = 0.25  # seconds until it is looked for again, so that under load nobody waits
MAX_NUM_REMEMBERED: Final = 10_000


class Lookups(Generic[Found]):
    """What was found under a name, for `MAX_AGE` from when it was looked for. What was not found is not remembered.

    keys = Lookups(database.keys.find)
    found = await keys.get(digest)
    """

    def __init__(
        self, look: Callable[[str], Awaitable[Found | None]], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._look = look
        self._now = now
        self._remembered: LRUCache[str, tuple[Found, float]] = LRUCache(MAX_NUM_REMEMBERED)
        self._running: dict[str, tuple[asyncio.Task[Found | None], float]] = {}

    async def get(self, name: str) -> Found | None:
        """Return what there is, None when there is nothing. Raises what looking raises."""
        now = self._now()
        running = self._running.get(name)
        if (remembered := self._remembered.get(name)) and remembered[1] > now - MAX_AGE:
            if running is None and remembered[1] <= now - RENEWAL_AGE:
                self._begin(name)
            return remembered[0]
        if running is None or running[1] <= now - MAX_AGE:
            running = self._begin(name)
        return await asyncio.shield(running[0])  # whoever leaves, the others still wait

    def forget(self) -> None:
        """Look again from now on; what is being looked for may be old when it is found."""
        self._remembered.clear()
        self._running.clear()

    async def aclose(self) -> None:
        """Wait for what is being looked for, which has nobody else to be told by."""
        tasks = [task for task, _ in self._running.values()]
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, name: str) -> tuple[asyncio.Task[Found | None], float]:
        async def look() -> Found | None:
            return await self._look(name)

        running = self._running[name] = (asyncio.create_task(look()), self._now())
        running[0].add_done_callback(lambda _: self._end(name, running))
        return running

    def _end(self, name: str, running: tuple[asyncio.Task[Found | None], float]) -> None:
        task, begun = running
        is_failed = task.cancelled() or task.exception() is not None
        if self._running.get(name) is not running:
            return  # it was forgotten, or took so long that somebody began anew
        del self._running[name]
        if is_failed:
            return
        found = task.result()
        if found is None:
            self._remembered.pop(name, None)
        else:
            self._remembered[name] = (found, begun)
