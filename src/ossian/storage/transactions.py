"""Transactions: reads see one moment, writes happen whole or not at all, and a caller that leaves breaks neither."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, nullcontext, suppress
from socket import SHUT_RDWR, socket
from threading import Lock
from typing import Any, TypeVar
from weakref import WeakSet

import structlog
from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.exc import DatabaseError, DataError, DBAPIError, IntegrityError, InterfaceError, ProgrammingError

from ossian.errors import StorageError
from ossian.storage.engines import BUSY_SECONDS, NUM_CONNECTIONS, engine_of, is_sqlite

Result = TypeVar("Result")
Work = Callable[[Connection], Result]

MAX_NUM_TRIES = 3
CLOSE_SECONDS = 10  # what does not end in this time when we do is given up
RETRIED_STATES = {"40001", "40P01"}  # PostgreSQL: serialization failure, deadlock
SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}  # SQLite's reads are that anyway
EMPTY_LOG = (
    "PRAGMA busy_timeout = 1000",  # nobody can write meanwhile
    "PRAGMA wal_checkpoint(TRUNCATE)",
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
)
OUR_BUGS = (IntegrityError, ProgrammingError, DataError)

log = structlog.get_logger()


class Transactions:
    """Runs functions that take a connection, each in a transaction of its own.

    Each runs in a thread, and to its end: when the caller is cancelled, it is still committed or rolled back properly.
    The event loop never waits for a database, nor does it hold its sockets: when PostgreSQL ends a connection, libpq
    closes the socket behind the back of the loop, and uvloop spins for ever. SQLite has one writer at a time; the
    others wait here, in turn, and not in SQLite's polling.
    """

    def __init__(self, url: URL) -> None:
        self._engine = engine_of(url)
        self._reader = self._engine.execution_options(**({} if is_sqlite(url) else SNAPSHOT))
        self._writer = self._engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        self._turn = asyncio.Lock() if is_sqlite(url) else nullcontext()
        self._threads = ThreadPoolExecutor(NUM_CONNECTIONS, thread_name_prefix="database")
        self._free = asyncio.Semaphore(NUM_CONNECTIONS)
        self._running: set[asyncio.Task[Any]] = set()
        self._connections: WeakSet[Any] = WeakSet()  # PostgreSQL's; SQLite keeps nobody for ever
        self._connecting = Lock()  # connections are made in threads
        self._is_given_up = False
        if not is_sqlite(url):
            event.listen(self._engine, "connect", self._note_connection)

    async def read(self, work: Work[Result]) -> Result:
        """Return what `work` finds. Raises StorageError when the database is not available."""
        return await self._to_its_end(self._run(self._reader, work))

    async def write(self, work: Work[Result]) -> Result:
        """Return what `work` returns once all it did is on disk; when it raises, nothing was done.

        `work` may run more than once: after a deadlock, say. Raises StorageError when the database is not available.
        """
        return await self._to_its_end(self._write(work))

    async def empty_log(self) -> None:
        """Bring what SQLite has in its write-ahead log into the file: what was erased is still in it, else."""
        if is_sqlite(self._engine.url):
            await self._to_its_end(self._empty_log())

    async def close(self) -> None:
        """Wait for what is running, though not for a database that answers no more, and close every connection."""
        if self._running:
            await asyncio.wait(self._running, timeout=CLOSE_SECONDS)
        if self._running:
            log.error("database does not answer", num_given_up=len(self._running))
            for task in self._running:
                task.cancel()
            with self._connecting:
                self._is_given_up = True
                hang_up(self._engine, self._connections)
        await asyncio.to_thread(self._threads.shutdown)
        await asyncio.to_thread(self._engine.dispose)

    def _note_connection(self, connection: Any, _record: object) -> None:
        """Keep a new connection in mind, or end it at once: who was still connecting is given up like the others."""
        with self._connecting:
            self._connections.add(connection)
            if self._is_given_up:
                hang_up(self._engine, [connection])

    async def _write(self, work: Work[Result]) -> Result:
        async with self._turn:
            for _ in range(MAX_NUM_TRIES - 1):
                try:
                    return await self._run(self._writer, work)
                except StorageError as error:
                    if not is_worth_a_retry(error):
                        raise
            return await self._run(self._writer, work)

    async def _empty_log(self) -> None:
        async with self._turn, self._thread():
            await asyncio.get_running_loop().run_in_executor(self._threads, empty_log, self._engine)

    async def _run(self, engine: Engine, work: Work[Result]) -> Result:
        async with self._thread():
            return await asyncio.get_running_loop().run_in_executor(self._threads, run, engine, work)

    @asynccontextmanager
    async def _thread(self) -> AsyncIterator[None]:
        """Wait for a free thread; raises StorageError when there is none for too long."""
        try:
            async with asyncio.timeout(BUSY_SECONDS):
                await self._free.acquire()
        except TimeoutError as error:
            raise StorageError(f"no connection was free for {BUSY_SECONDS} seconds") from error
        try:
            yield
        finally:
            self._free.release()

    async def _to_its_end(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        task = asyncio.create_task(coroutine)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)


def run(engine: Engine, work: Work[Result]) -> Result:
    """Return what `work` returns, in one transaction. Raises StorageError when the database is not available."""
    try:
        with engine.begin() as connection:
            return work(connection)
    except OUR_BUGS:
        raise
    except (DatabaseError, InterfaceError) as error:
        log.error("database not available", reason=reason_of(error))
        raise StorageError(reason_of(error)) from error


def empty_log(engine: Engine) -> None:
    """Empty SQLite's write-ahead log, outside any transaction. One that is read for long is left for the next time."""
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        for statement in EMPTY_LOG:
            cursor.execute(statement)
    finally:
        connection.close()


def hang_up(engine: Engine, connections: Iterable[Any]) -> None:
    """End PostgreSQL connections under the threads that wait for an answer."""
    for connection in connections:
        with suppress(OSError, engine.dialect.loaded_dbapi.Error), socket(fileno=os.dup(connection.fileno())) as line:
            line.shutdown(SHUT_RDWR)


def reason_of(error: Exception) -> str:
    """Return what the database said, without the statement and its values."""
    if isinstance(error, StorageError):
        return error.reason
    return str(error.orig if isinstance(error, DBAPIError) else error).strip()


def is_worth_a_retry(error: StorageError) -> bool:
    """Tell whether two writers were in each other's way, which PostgreSQL ends by failing one of them."""
    return isinstance(error.__cause__, DBAPIError) and getattr(error.__cause__.orig, "sqlstate", None) in RETRIED_STATES
