"""When keys were last used: noted at once, written now and then."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog

from ossian.errors import StorageError

WRITE_SECONDS: Final = 5.0

log = structlog.get_logger()


class LastUses:
    """Writes in the background. When the process is killed, what it noted in the last seconds is lost."""

    def __init__(self, write: Callable[[Mapping[str, int]], Awaitable[None]]) -> None:
        self._write = write
        self._noted: dict[str, int] = {}
        self._task = asyncio.create_task(self._write_now_and_then())

    def note(self, key_id: str, now: float) -> None:
        """Take notice that a key was used. Times are in seconds since 1970."""
        self._noted[key_id] = int(now)

    async def write_now(self) -> None:
        """Write what is noted; while the database is not available, keep it."""
        noted, self._noted = self._noted, {}
        try:
            if noted:
                await self._write(noted)
        except StorageError as error:
            self._noted = noted | self._noted
            log.warning("last uses of keys not written", num_keys=len(noted), reason=error.reason)

    async def aclose(self) -> None:
        """Write what is noted, and stop."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.write_now()

    async def _write_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            await self.write_now()
