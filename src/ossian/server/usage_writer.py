"""Writes usage records to the database in batches, while requests go on.

A clean stop writes them all. A server that is killed loses those of its last half second: WRITE_SECONDS of waiting, and
the time a write takes.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

import structlog

from ossian.accounts.usage import UsageRecord
from ossian.server.observability import Metrics

WRITE_SECONDS: Final = 0.25  # until the first record of a batch is written
RETRY_SECONDS: Final = 1.0  # until a database that is away is asked again
END_SECONDS: Final = 10.0  # for the database to take the rest when the server stops
MAX_BATCH: Final = 1000

log = structlog.get_logger()


class UsageWriter:
    """Keeps records until `append` has taken them.

    At most `max_waiting`: then the oldest is lost, and counted. `append` may be given a record a second time.
    """

    def __init__(
        self, append: Callable[[Sequence[UsageRecord]], Awaitable[object]], max_waiting: int, metrics: Metrics
    ) -> None:
        self.pause = asyncio.Lock()  # who holds it sees a database that nothing is written to from here
        self._append = append
        self._max_waiting = max_waiting
        self._written = metrics.usage_records.labels("written")
        self._lost = metrics.usage_records.labels("lost")
        self._waiting: deque[UsageRecord] = deque()
        self._news = asyncio.Event()
        self._task: asyncio.Task[Any] | None = None

    @property
    def num_waiting(self) -> int:
        """Records that wait to be written."""
        return len(self._waiting)

    @property
    def waiting(self) -> Iterator[UsageRecord]:
        """The records that are not written; none is missing while the writer is paused."""
        return iter(self._waiting)

    def open(self) -> None:
        """Begin to write, in a task."""
        self._task = asyncio.create_task(self._write_as_they_come())

    async def aclose(self) -> None:
        """Write the rest, if the database takes it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                while not await self._write_all():
                    await asyncio.sleep(RETRY_SECONDS)
        self._lose(len(self._waiting))

    def add(self, record: UsageRecord) -> None:
        """Write a record soon."""
        self._waiting.append(record)
        self._lose(len(self._waiting) - self._max_waiting)
        self._news.set()

    async def _write_as_they_come(self) -> None:
        while True:
            await self._news.wait()
            await asyncio.sleep(WRITE_SECONDS)
            self._news.clear()
            if not await self._write_all():
                self._news.set()
                await asyncio.sleep(RETRY_SECONDS)

    async def _write_all(self) -> bool:
        """Write what waits; False when the database does not take it."""
        async with self.pause:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(MAX_BATCH, len(self._waiting)))]
                try:
                    await self._append(batch)
                except BaseException as error:
                    self._waiting.extendleft(reversed(batch))
                    if not isinstance(error, Exception):
                        raise
                    log.exception("usage records could not be written", num_waiting=len(self._waiting))
                    return False
                self._written.inc(len(batch))
        return True

    def _lose(self, num: int) -> None:
        if num > 0:
            log.error("usage records lost", num=num)
            self._lost.inc(num)
            for _ in range(num):
                self._waiting.popleft()
