"""Transactions: reads see one moment, writes happen whole or not at all, and a caller that leaves breaks neither."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from typing import Any, TypeVar

import structlog
from sqlalchemy import URL, Connection
from sqlalchemy.exc import DatabaseError, DataError, DBAPIError, IntegrityError, InterfaceError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from sqlalchemy.ext.asyncio import AsyncEngine

from ossian.errors import StorageError
from ossian.storage.engines import engine_of

Result = TypeVar("Result")
Work = Callable[[Connection], Result]

MAX_NUM_TRIES = 3
RETRIED_STATES = {"40001", "40P01"}  # PostgreSQL: serialization failure, deadlock
SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}  # SQLite's reads are that anyway
OUR_BUGS = (IntegrityError, ProgrammingError, DataError)

log = structlog.get_logger()


class Transactions:
    """Runs functions that take a connection, each in a transaction of its own.

    Each runs in a task of its own to its end: when the caller is cancelled, it is still committed or rolled back
    properly. SQLite has one writer at a time; the others wait here, in turn, and not in SQLite's polling.
    """

    def __init__(self, url: URL) -> None:
        is_sqlite = url.get_backend_name() == "sqlite"
        self._engine = engine_of(url)
        self._reader = self._engine.execution_options(**({} if is_sqlite else SNAPSHOT))
        self._writer = self._engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        self._turn = asyncio.Lock() if is_sqlite else nullcontext()
        self._running: set[asyncio.Task[Any]] = set()

    async def read(self, work: Work[Result]) -> Result:
        """Return what `work` finds. Raises StorageError when the database is not available."""
        return await self._to_its_end(run(self._reader, work))

    async def write(self, work: Work[Result]) -> Result:
        """Return what `work` returns once all it did is on disk; when it raises, nothing was done.

        `work` may run more than once: after a deadlock, say. Raises StorageError when the database is not available.
        """
        return await self._to_its_end(self._write(work))

    async def close(self) -> None:
        """Wait for what is running, and close every connection."""
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._engine.dispose()

    async def _write(self, work: Work[Result]) -> Result:
        async with self._turn:
            for _ in range(MAX_NUM_TRIES - 1):
                try:
                    return await run(self._writer, work)
                except StorageError as error:
                    if not is_worth_a_retry(error):
                        raise
            return await run(self._writer, work)

    async def _to_its_end(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        task = asyncio.create_task(coroutine)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)


async def run(engine: AsyncEngine, work: Work[Result]) -> Result:
    """Return what `work` returns, in one transaction. Raises StorageError when the database is not available."""
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    except OUR_BUGS:
        raise
    except (DatabaseError, InterfaceError, NoConnectionError) as error:
        log.error("database not available", reason=reason_of(error))
        raise StorageError(reason_of(error)) from error


def reason_of(error: Exception) -> str:
    """Return what the database said, without the statement and its values."""
    if isinstance(error, StorageError):
        return error.reason
    return str(error.orig if isinstance(error, DBAPIError) else error).strip()


def is_worth_a_retry(error: StorageError) -> bool:
    """Tell whether two writers were in each other's way, which PostgreSQL ends by failing one of them."""
    return isinstance(error.__cause__, DBAPIError) and getattr(error.__cause__.orig, "sqlstate", None) in RETRIED_STATES
