"""Transactions: reads see one moment, writes happen whole or not at all, and a caller that leaves breaks neither."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from typing import Any, TypeVar

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

Result = TypeVar("Result")
Work = Callable[[Connection], Result]

BUSY_SECONDS = 60  # how long a writer waits for another process
MAX_NUM_TRIES = 3
DURABLE = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
RETRIED_STATES = {"40001", "40P01"}  # PostgreSQL: serialization failure, deadlock


class Transactions:
    """Runs functions that take a connection, each in a transaction of its own.

    Each runs in a task of its own to its end: when the caller is cancelled, it is still committed or rolled back
    properly. SQLite has one writer at a time; the others wait here, in turn, and not in SQLite's polling.
    """

    def __init__(self, url: URL) -> None:
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._engine = sqlite_engine(url) if self.is_sqlite else postgresql_engine(url)
        snapshot = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._reader = self._engine.execution_options(**snapshot)
        self._writer = self._engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        self._turn = asyncio.Lock() if self.is_sqlite else nullcontext()
        self._running: set[asyncio.Task[Any]] = set()

    async def read(self, work: Work[Result]) -> Result:
        """Return what `work` finds."""
        return await self._to_its_end(run(self._reader, work))

    async def write(self, work: Work[Result]) -> Result:
        """Return what `work` returns once all it did is on disk; when it raises, nothing was done."""
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
                except DBAPIError as error:
                    if getattr(error.orig, "sqlstate", None) not in RETRIED_STATES:
                        raise
            return await run(self._writer, work)

    async def _to_its_end(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        task = asyncio.create_task(coroutine)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)


async def run(engine: AsyncEngine, work: Work[Result]) -> Result:
    """Return what `work` returns, in one transaction."""
    async with engine.begin() as connection:
        return await connection.run_sync(work)


def sqlite_engine(url: URL) -> AsyncEngine:
    """Return an engine whose commits are on disk when they return."""
    engine = create_async_engine(url, pool_size=5, max_overflow=0, pool_timeout=BUSY_SECONDS)

    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))

    return engine


def postgresql_engine(url: URL) -> AsyncEngine:
    """Return an engine whose commits are on disk when they return, whatever the server's default is."""
    engine = create_async_engine(url, pool_size=10, max_overflow=0, pool_timeout=BUSY_SECONDS, pool_pre_ping=True)

    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(DURABLE)
        cursor.close()
        connection.commit()

    return engine
