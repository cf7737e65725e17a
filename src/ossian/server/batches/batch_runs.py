"""The batches that a server runs: it takes those that nobody runs, keeps its leases, and takes orders.

Other servers meet it in the database. What one that dies leaves behind goes on when its lease has ended.
"""

import asyncio
from contextlib import suppress
from typing import Any, Final

import structlog
from starlette.requests import HTTPConnection

from ossian.api.batches.batch import UNFINISHED
from ossian.errors import StorageError
from ossian.server.batches.batch_run import BatchRun, LostError
from ossian.server.batches.endings import CANCELLED, EXPIRED, broken
from ossian.server.batches.tools import BatchTools
from ossian.server.rounds import LEASE_PARTS, PURGE_SECONDS, Patience, repeated
from ossian.storage.file_records import StoredBatch

ORDERS_SECONDS: Final = 0.5  # between two looks at what was cancelled elsewhere, and at the clock
RETRY_SECONDS: Final = 1.0  # until the database is asked again

log = structlog.get_logger()


class BatchRuns:
    """The batches of one server process."""

    def __init__(self, tools: BatchTools) -> None:
        self._tools = tools
        self._runs: dict[str, BatchRun] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._patience = Patience(tools.settings.lease_seconds)
        self._upkeep: asyncio.Task[Any] | None = None

    @property
    def num_running(self) -> int:
        """How many batches this server has."""
        return len(self._runs)

    def open(self) -> None:
        """Begin."""
        self._tools.metrics.watch_batches(lambda: self.num_running)
        self._upkeep = asyncio.create_task(self._look_after())

    async def aclose(self) -> None:
        """Stop all batches where they are, and leave them to other servers, or to this one when it starts again."""
        if self._upkeep is not None:
            self._upkeep.cancel()
            await asyncio.gather(self._upkeep, return_exceptions=True)
        ids = list(self._tasks)
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        with suppress(StorageError):  # then the leases tell
            for batch_id in ids:
                await self._tools.batches.release(self._tools.owner, batch_id)

    async def look(self) -> None:
        """Take the batches that nobody runs, if this server runs any. A database that is away is asked later."""
        with suppress(StorageError):
            await self.claim()

    async def claim(self) -> None:
        """Take the batches that nobody runs, if this server runs any. Raises StorageError."""
        if self._tools.settings.max_running:
            now = self._tools.now()
            until = now + self._tools.settings.lease_seconds
            ended_by = 0.0 if self._patience.is_needed(now) else now
            for batch in await self._tools.batches.claim(self._tools.owner, ended_by, until):
                if batch.id not in self._runs:
                    self._start(batch)

    def cancel(self, batch_id: str) -> None:
        """End a batch that is run here and was cancelled."""
        if batch_id in self._runs:
            self._runs[batch_id].end(CANCELLED)

    async def take_orders(self) -> None:
        """End the batches that were cancelled or have expired, and leave those that another server has taken."""
        runs = dict(self._runs)
        statuses = await self._tools.batches.statuses(self._tools.owner) if runs else {}
        for batch_id, run in runs.items():
            if run.is_over or run is not self._runs.get(batch_id):
                continue
            if batch_id not in statuses:
                self._tasks[batch_id].cancel()
            elif statuses[batch_id] == "cancelling":
                run.end(CANCELLED)
            elif run.batch.expires_at <= self._tools.now():
                run.end(EXPIRED)

    async def keep_leases(self) -> None:
        """Renew this server's leases, then take what others have lost: in this order, as a machine may have slept."""
        until = self._tools.now() + self._tools.settings.lease_seconds
        await self._tools.batches.renew(self._tools.owner, list(self._runs), until)
        self._patience.note(self._tools.now())
        await self.claim()

    async def purge(self) -> None:
        """Erase files that have expired, and what was left of uploads and results."""
        await self._tools.files.purge(self._tools.now())
        await self._tools.batches.purge()

    async def _look_after(self) -> None:
        async with asyncio.TaskGroup() as rounds:
            rounds.create_task(repeated(ORDERS_SECONDS, self.take_orders))
            rounds.create_task(repeated(self._tools.settings.lease_seconds / LEASE_PARTS, self.keep_leases))
            rounds.create_task(repeated(PURGE_SECONDS, self.purge))

    def _start(self, batch: StoredBatch) -> None:
        self._runs[batch.id] = BatchRun(batch, self._tools)
        self._tasks[batch.id] = asyncio.create_task(self._work(batch))

    async def _work(self, batch: StoredBatch) -> None:
        try:
            while await self._is_interrupted(batch.id):
                await asyncio.sleep(RETRY_SECONDS)
                if not await self._begins_again(batch):
                    break
        except LostError:
            log.warning("batch is run by another server", batch_id=batch.id)
        finally:
            del self._runs[batch.id], self._tasks[batch.id]

    async def _is_interrupted(self, batch_id: str) -> bool:
        """Run a batch; whether the database was away before its end."""
        run = self._runs[batch_id]
        try:
            await run.work()
        except StorageError:
            return True
        except LostError:
            raise
        except Exception:
            log.exception("batch failed", batch_id=batch_id)
            await self._give_up(run)
        return False

    async def _give_up(self, run: BatchRun) -> None:
        """End a batch that cannot be run, with what there is of it; else it would be tried for ever."""
        try:
            await run.finish(broken())
        except Exception:
            log.exception("batch could not be ended", batch_id=run.batch.id)

    async def _begins_again(self, batch: StoredBatch) -> bool:
        """Go on from what is stored; False when the batch had ended before the database went away."""
        with suppress(StorageError):
            latest = await self._tools.batches.get(batch.scope, batch.id)
            if latest is None or latest.status not in UNFINISHED:
                return False
            self._runs[batch.id] = BatchRun(latest, self._tools)
        return True


def batches_of(connection: HTTPConnection) -> BatchRuns:
    """Return the batches of the application that a request came to."""
    batches: BatchRuns = connection.app.state.batches
    return batches
