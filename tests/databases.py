"""The databases that tests use: a new SQLite file each, and the throw-away PostgreSQL of `make services`, emptied."""

import os
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from ossian.storage.engines import is_sqlite
from ossian.storage.schema_version import upgrade
from ossian.storage.sqlite_file import prepare_file
from ossian.storage.urls import driver_url

SERVER = os.environ.get("TEST_POSTGRESQL_URL", "")  # without one, tests marked `postgres` do not run
NAME = sql.Identifier(f"tests_{os.getpid()}")
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"


def sqlite_url(folder: Path) -> str:
    """The URL of a file that does not exist yet."""
    return f"sqlite:///{folder / 'ossian.sqlite3'}"


def make_tables(url: str) -> None:
    """Make a new database's tables without an event loop."""
    place = driver_url(url)
    if is_sqlite(place):
        prepare_file(Path(place.database or ""))
    upgrade(place)


@cache
def postgresql_url() -> str:
    """The URL of this process's own database on the tests' server: other runs of the suite have theirs."""
    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(NAME))  # of a run that was killed
        connection.execute(sql.SQL("CREATE DATABASE {}").format(NAME))
    return urlsplit(SERVER)._replace(path=f"/{NAME.as_string()[1:-1]}").geturl()


def drop_postgresql_database() -> None:
    """Leave nothing behind when the tests have ended."""
    if postgresql_url.cache_info().currsize:
        with psycopg.connect(SERVER, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(NAME))


def delete_rows(url: str) -> None:
    """Empty a PostgreSQL database, but leave its tables: making them takes a tenth of a second."""
    with psycopg.connect(url) as connection:
        for (table,) in connection.execute(TABLES).fetchall():
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))


def drop_tables(url: str) -> None:
    """Make a PostgreSQL database as if nobody had ever opened it."""
    with psycopg.connect(url) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
