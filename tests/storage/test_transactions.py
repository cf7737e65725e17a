"""Transactions: whole or not at all, one moment for readers, and errors that say what is wrong."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import IntegrityError, OperationalError
from structlog.testing import capture_logs

from ossian.errors import StorageError
from ossian.storage import Database, StoredConversation, transactions
from ossian.storage.engines import NUM_CONNECTIONS
from ossian.storage.tables import conversation_items, conversations
from ossian.storage.transactions import Transactions, is_worth_a_retry, reason_of
from tests.databases import sqlite_url
from tests.storage.samples import item, stored


@pytest.fixture
def other_writer(tmp_path: Path, database_url: str) -> Iterator[sqlite3.Connection]:
    """Another program's connection to the SQLite file, in the middle of writing."""
    connection = sqlite3.connect(tmp_path / "ossian.sqlite3", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield connection
    connection.close()


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def transactions_of(database: Database) -> Transactions:
    return database._transactions


async def test_what_raises_leaves_nothing(database: Database) -> None:
    def write_and_fail(sql: Connection) -> None:
        sql.execute(conversations.insert().values(id="conv_1", scope="a", created_at=1, metadata={}))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await transactions_of(database).write(write_and_fail)
    assert await database.conversations.get("a", "conv_1") is None
    assert await database.conversations.create(StoredConversation("conv_1", "a", 1))


async def test_reading_is_of_one_moment(database: Database) -> None:
    """What a reader sees does not change while it reads, even if a writer finishes in between."""
    await database.conversations.create(StoredConversation("conv_1", "a", 1))
    seen, written = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    counted = text("SELECT count(*) FROM conversation_items")

    def count_twice(sql: Connection) -> tuple[int, int]:
        first = sql.scalar(counted)
        loop.call_soon_threadsafe(seen.set)
        asyncio.run_coroutine_threadsafe(written.wait(), loop).result()
        return first, sql.scalar(counted)

    reading = asyncio.create_task(transactions_of(database).read(count_twice))
    await seen.wait()
    await database.conversations.append("a", "conv_1", [item("one")])
    written.set()
    assert await reading == (0, 0)
    assert len(await database.conversations.items("a", "conv_1")) == 1


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(StorageError):
        await transactions_of(database).read(lambda sql: sql.execute(text("DELETE FROM secrets")))


async def test_a_mistake_of_ours_is_no_excuse(database: Database) -> None:
    def twice(sql: Connection) -> None:
        for _ in range(2):
            sql.execute(conversations.insert().values(id="conv_1", scope="a", created_at=1, metadata={}))

    with pytest.raises(IntegrityError):
        await transactions_of(database).write(twice)


async def test_an_error_does_not_tell_what_was_to_be_written(database: Database) -> None:
    bodies = [item("one", "heliotrope")]
    await database.conversations.create(StoredConversation("conv_1", "a", 1), bodies)

    def again(sql: Connection) -> None:
        row = {"conversation_id": "conv_1", "position": 0, "scope": "a", "item_id": "one", "body": bodies[0]}
        sql.execute(conversation_items.insert().values(**row))

    with pytest.raises(IntegrityError, match="INSERT INTO conversation_items") as caught:
        await transactions_of(database).write(again)
    assert "heliotrope" not in str(caught.value)


async def test_cancelling_a_caller_does_not_stop_what_it_began(database: Database) -> None:
    began = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slowly(sql: Connection) -> None:
        sql.execute(conversations.insert().values(id="conv_1", scope="a", created_at=1, metadata={}))
        loop.call_soon_threadsafe(began.set)
        sql.execute(text("UPDATE conversations SET created_at = 2"))

    caller = asyncio.create_task(transactions_of(database).write(slowly))
    await began.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    found = None
    while found is None:
        found = await database.conversations.get("a", "conv_1")
    assert found.created_at == 2


@on_sqlite
async def test_readers_and_the_loop_go_on_while_a_writer_waits(
    database: Database, other_writer: sqlite3.Connection
) -> None:
    writing = asyncio.create_task(database.responses.finish(stored()))
    for _ in range(5):
        assert await database.responses.get("a", "resp_1") is None
    assert not writing.done()
    other_writer.execute("COMMIT")
    assert await writing
    assert await database.responses.get("a", "resp_1") == stored()


@on_sqlite
async def test_a_database_that_stays_locked_is_an_error_that_says_so(
    database: Database, other_writer: sqlite3.Connection
) -> None:
    def impatiently(sql: Connection) -> None:
        raise AssertionError("nobody gets here")

    engine = transactions_of(database)._engine
    event.listen(engine, "checkout", lambda connection, *_: connection.execute("PRAGMA busy_timeout = 10"))
    with capture_logs() as logs, pytest.raises(StorageError, match=r"not available\. Try again later") as caught:
        await transactions_of(database).write(impatiently)
    assert caught.value.reason == "database is locked"
    assert [(entry["event"], entry["reason"]) for entry in logs] == [("database not available", "database is locked")]
    other_writer.execute("ROLLBACK")
    assert await database.responses.finish(stored())


@on_sqlite
async def test_a_log_that_others_read_stays_and_stops_nobody(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "EMPTY_LOG", ("PRAGMA busy_timeout = 1", *transactions.EMPTY_LOG[1:]))
    await database.responses.finish(stored("resp_1"))
    reader = sqlite3.connect(tmp_path / "ossian.sqlite3", isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM responses").fetchone() == (1,)
    await database.responses.finish(stored("resp_2"))
    await database.responses.purge(0.0)
    assert await database.responses.finish(stored("resp_3"))
    reader.execute("COMMIT")
    await database.responses.purge(0.0)
    assert (tmp_path / "ossian.sqlite3-wal").stat().st_size == 0
    reader.close()


async def test_nobody_waits_for_ever_for_a_connection(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "BUSY_SECONDS", 0.01)
    is_over = threading.Event()
    reads = [
        asyncio.create_task(transactions_of(database).read(lambda _sql: is_over.wait())) for _ in range(NUM_CONNECTIONS)
    ]
    await asyncio.sleep(0)
    with pytest.raises(StorageError) as caught:
        await database.conversations.get("a", "conv_1")
    assert caught.value.reason == "no connection was free for 0.01 seconds"
    is_over.set()
    assert await asyncio.gather(*reads) == [True] * NUM_CONNECTIONS
    assert await database.conversations.get("a", "conv_1") is None


END_OTHER_CONNECTIONS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


async def test_a_lost_connection_is_replaced(database: Database) -> None:
    """PostgreSQL ends every connection but one, as when it restarts; SQLite has nobody who could."""

    def end_connections(sql: Connection) -> None:
        if sql.dialect.name == "postgresql":
            sql.execute(END_OTHER_CONNECTIONS)

    await asyncio.gather(*(database.responses.finish(stored(f"resp_{number}")) for number in range(5)))
    await transactions_of(database).write(end_connections)
    found = await asyncio.gather(*(database.responses.get("a", f"resp_{number}") for number in range(5)))
    assert found == [stored(f"resp_{number}") for number in range(5)]


class Conflict(Exception):
    """What psycopg raises, as far as it is looked at."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__("deadlock detected")
        self.sqlstate = sqlstate


def failing(sqlstate: str, num_times: int) -> "list[OperationalError]":
    return [OperationalError("UPDATE", {}, Conflict(sqlstate)) for _ in range(num_times)]


@pytest.mark.parametrize(
    "sqlstate, num_times, num_calls", [("40001", 2, 3), ("40P01", 1, 2), ("40001", 3, 3), ("53100", 1, 1)]
)
async def test_writers_in_each_others_way_try_again(
    tmp_path: Path, sqlstate: str, num_times: int, num_calls: int
) -> None:
    database = await Database.open(sqlite_url(tmp_path))
    errors = failing(sqlstate, num_times)
    calls = []

    def work(sql: Connection) -> str:
        calls.append(sql)
        if errors:
            raise errors.pop()
        return "done"

    if num_calls > num_times:
        assert await transactions_of(database).write(work) == "done"
    else:
        with pytest.raises(StorageError):
            await transactions_of(database).write(work)
    assert len(calls) == num_calls
    await database.close()


def test_reasons_are_the_databases_own_words() -> None:
    assert reason_of(failing("40001", 1)[0]) == "deadlock detected"
    assert reason_of(StorageError("disk full")) == "disk full"
    assert not is_worth_a_retry(StorageError("disk full"))


@pytest.mark.postgres
@pytest.mark.parametrize("close_seconds", [0.1, 0.0], ids=["a while", "no time at all"])  # some are connecting then
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_closing_does_not_wait_for_a_database_that_answers_no_more(
    database_url: str, close_seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "CLOSE_SECONDS", close_seconds)
    database = await Database.open(database_url)
    hung = [asyncio.create_task(transactions_of(database).write(sleep)) for _ in range(NUM_CONNECTIONS + 2)]
    while len(transactions_of(database)._running) < len(hung):
        await asyncio.sleep(0)
    with capture_logs() as logs:
        await database.close()
    assert logs[0] == {"event": "database does not answer", "num_given_up": len(hung), "log_level": "error"}
    assert all(isinstance(each, asyncio.CancelledError) for each in await asyncio.gather(*hung, return_exceptions=True))


def sleep(sql: Connection) -> None:
    sql.execute(text("SELECT pg_sleep(600)"))
