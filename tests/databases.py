"""The databases that tests use: a new SQLite file each, and the throw-away PostgreSQL of `make services`, emptied."""

import os
from pathlib import Path

import psycopg
from psycopg import sql

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"


def sqlite_url(folder: Path) -> str:
    """The URL of a file that does not exist yet."""
    return f"sqlite:///{folder / 'ossian.sqlite3'}"


def postgresql_url() -> str:
    """The URL of the tests' server; empty when there is none, and then tests marked `postgres` do not run."""
    return os.environ.get("TEST_POSTGRESQL_URL", "")


def delete_rows(url: str) -> None:
    """Empty a PostgreSQL database, but leave its tables: making them takes a tenth of a second."""
    with psycopg.connect(url) as connection:
        for (table,) in connection.execute(TABLES).fetchall():
            connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.Identifier(table)))


def drop_tables(url: str) -> None:
    """Make a PostgreSQL database as if nobody had ever opened it."""
    with psycopg.connect(url) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
