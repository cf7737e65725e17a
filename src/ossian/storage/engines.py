"""The two kinds of database, set up so that a commit is on disk when it returns."""

from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

BUSY_SECONDS = 60  # how long a writer waits for another process, and anybody for a free connection
CONNECT_SECONDS = 10  # to a PostgreSQL server that does not answer
SQLITE_SETTINGS = (
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)
POSTGRESQL_SETTINGS = (
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
)


def engine_of(url: URL) -> AsyncEngine:
    """Return the engine of an URL that names our driver; see `blocking_engine` for how SQLite's transactions begin."""
    if is_sqlite(url):
        engine = create_async_engine(url, pool_size=5, max_overflow=0, pool_timeout=BUSY_SECONDS)
    else:  # pre-ping: a connection may have died with the server's last restart
        options = {"pool_size": 10, "max_overflow": 0, "pool_timeout": BUSY_SECONDS, "pool_pre_ping": True}
        engine = create_async_engine(impatient(url), **options)
    set_up(engine.sync_engine)
    return engine


def blocking_engine(url: URL) -> Engine:
    """Return an engine for other threads than the event loop's.

    SQLite's transactions begin as the option `sqlite_begin` says: `BEGIN IMMEDIATE` to write. Else a transaction that
    reads first and then writes fails, without waiting, when another process wrote meanwhile.
    """
    place = url.set(drivername="sqlite+pysqlite") if is_sqlite(url) else impatient(url)
    engine = create_engine(place, poolclass=NullPool)
    set_up(engine)
    return engine


def is_sqlite(url: URL) -> bool:
    """Tell SQLite from PostgreSQL."""
    return url.get_backend_name() == "sqlite"


def impatient(url: URL) -> URL:
    """Return a PostgreSQL URL that does not wait for ever for an answer, unless it says how long itself."""
    return url.update_query_dict({"connect_timeout": str(CONNECT_SECONDS)} | dict(url.query))


def set_up(engine: Engine) -> None:
    """Give each new connection its settings, and SQLite's transactions their beginning."""

    def set_up_connection(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for setting in SQLITE_SETTINGS if is_sqlite(engine.url) else POSTGRESQL_SETTINGS:
            cursor.execute(setting)
        cursor.close()
        connection.commit()

    def leave_transactions_to_us(connection: Any, _record: object) -> None:
        connection.isolation_level = None

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))

    if is_sqlite(engine.url):
        event.listen(engine, "connect", leave_transactions_to_us)
        event.listen(engine, "begin", begin)
    event.listen(engine, "connect", set_up_connection)
