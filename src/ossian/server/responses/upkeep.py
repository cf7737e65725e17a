"""What a server does for the database again and again: renew its leases, end what dead servers left, take orders.

A database that is away for a while ends nothing.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import structlog

from ossian.api.responses.broken_streams import mended
from ossian.api.responses.response import failed, response_error
from ossian.errors import EngineError, StorageError
from ossian.server.responses.background_run import BackgroundRun
from ossian.server.rounds import LEASE_PARTS, PURGE_SECONDS, Patience, repeated
from ossian.settings import ResponsesSettings
from ossian.storage.records import StoredResponse
from ossian.storage.responses import ResponseStore

ORDERS_SECONDS: Final = 0.5  # between two looks at what other servers want ended here

LOST = EngineError("The server that made this response was stopped before it was done. Create it again.")

log = structlog.get_logger()


class Upkeep:
    """Looks after the background responses of a server, `runs`, and those that nobody looks after any more."""

    def __init__(
        self,
        store: ResponseStore,
        settings: ResponsesSettings,
        owner: str,
        now: Callable[[], float],
        runs: Mapping[str, BackgroundRun],
    ) -> None:
        self._store = store
        self._settings = settings
        self._owner = owner
        self._now = now
        self._runs = runs
        self._patience = Patience(settings.lease_seconds)
        self._task: asyncio.Task[Any] | None = None

    def open(self) -> None:
        """Begin, in a task."""
        self._task = asyncio.create_task(self._look_after())

    async def aclose(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def lease(self) -> float:
        """Return until when a lease made now holds, in Unix seconds."""
        return self._now() + self._settings.lease_seconds

    async def take_orders(self) -> None:
        """End the runs that were cancelled or deleted through another server."""
        if self._runs:
            for response_id in await self._store.cancel_requested(self._owner):
                if response_id in self._runs:
                    self._runs[response_id].end()

    async def keep_leases(self) -> None:
        """Renew this server's leases, then end what others have lost: in this order, as a machine may have slept.

        What another server has ended meanwhile is not made to its end, for nobody.
        """
        started = {response_id: run for response_id, run in self._runs.items() if run.is_started}
        if started:
            kept = await self._store.renew_leases(self._owner, list(started), self.lease())
            for response_id in started.keys() - kept:
                started[response_id].end()
        expired = await self._store.expired(self._now())
        self._patience.note(self._now())
        if not self._patience.is_needed(self._now()):
            for lost in expired:
                if lost.id not in self._runs:
                    await self._bury(lost)

    async def purge(self) -> None:
        """Erase what is older than the retention."""
        await self._store.purge(self._now())

    async def _look_after(self) -> None:
        async with asyncio.TaskGroup() as rounds:
            rounds.create_task(repeated(ORDERS_SECONDS, self.take_orders))
            rounds.create_task(repeated(self._settings.lease_seconds / LEASE_PARTS, self.keep_leases))
            rounds.create_task(repeated(PURGE_SECONDS, self.purge))

    async def _bury(self, lost: StoredResponse) -> None:
        """End a lost response; one that cannot be ended must not keep the others from their ends."""
        try:
            await self._fail(lost)
        except StorageError:
            raise
        except Exception:
            log.exception("lost response could not be ended", response_id=lost.id)

    async def _fail(self, lost: StoredResponse) -> None:
        log.warning("background response lost", response_id=lost.id)
        events = await self._store.events(lost.scope, lost.id)
        closing, output = mended(events)
        await self._store.append_events(lost.id, len(events), closing)
        body = failed(lost.body | {"output": output}, response_error(LOST))
        await self._store.finish(replace(lost, status="failed", body=body))
