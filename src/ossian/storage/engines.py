"""The two kinds of database, set up so that a commit is on disk when it returns."""

from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event

NUM_CONNECTIONS = 10
BUSY_SECONDS = 60  # how long a writer waits for another process, and anybody for a free connection
CONNECT_SECONDS = 10  # to a PostgreSQL server that does not answer
IMPATIENCE = {
    "connect_timeout": str(CONNECT_SECONDS),
    # A host that vanishes closes no connection, and the kernel alone would wait for it for hours.
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "4",
    "tcp_user_timeout": "30000",
}
SQLITE_SETTINGS = (
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # what is erased is overwritten; only some builds of SQLite do so by themselves
)
POSTGRESQL_SETTINGS = (
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
)


def engine_of(url: URL) -> Engine:
    """Return the engine of an URL that names our driver, with as many connections as there are threads to use them.

    SQLite's transactions begin as the option `sqlite_begin` says: `BEGIN IMMEDIATE` to write. Else a transaction that
    reads first and then writes fails, without waiting, when another process wrote meanwhile.
    """
    # pre-ping: a connection may have died with the server's last restart
    options = {"pool_size": NUM_CONNECTIONS, "max_overflow": 0, "pool_pre_ping": not is_sqlite(url)}
    return set_up(create_engine(url if is_sqlite(url) else impatient(url), hide_parameters=True, **options))


def passing_engine(url: URL) -> Engine:
    """Return an engine that keeps no connection."""
    return set_up(create_engine(url if is_sqlite(url) else impatient(url), poolclass=NullPool))


def is_sqlite(url: URL) -> bool:
    """Tell SQLite from PostgreSQL."""
    return url.get_backend_name() == "sqlite"


def impatient(url: URL) -> URL:
    """Return a PostgreSQL URL that does not wait for ever for a lost host, unless it says how long itself."""
    return url.update_query_dict(IMPATIENCE | dict(url.query))


def set_up(engine: Engine) -> Engine:
    """Give each new connection its settings, and SQLite's transactions their beginning; return the engine."""

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
    return engine
