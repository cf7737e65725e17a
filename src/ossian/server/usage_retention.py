"""Erases usage records when they are as old as they shall get. What was spent stays, by day: budgets do not change."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from ossian.server.rounds import PURGE_SECONDS, repeated
from ossian.settings import UsageSettings
from ossian.storage.usage import UsageStore

DAY: Final = 86400.0  # seconds


class UsageRetention:
    """Looks after the age of the records in a database. `now` is in seconds since 1970."""

    def __init__(self, store: UsageStore, settings: UsageSettings, now: Callable[[], float]) -> None:
        self._store = store
        self._days = settings.retention_days
        self._now = now
        self._task: asyncio.Task[Any] | None = None

    def open(self) -> None:
        """Begin, in a task, if records are not kept for ever."""
        if self._days is not None:
            self._task = asyncio.create_task(repeated(PURGE_SECONDS, self.purge))

    async def aclose(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def purge(self) -> None:
        """Erase what is older than the retention."""
        if self._days is not None:
            await self._store.purge(self._now() - self._days * DAY)
