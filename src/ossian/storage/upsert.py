"""INSERT … ON CONFLICT, which both databases have and SQLAlchemy writes for each in its own module."""

from typing import TypeAlias

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Insert: TypeAlias = postgresql.Insert | sqlite.Insert


def upsert(connection: Connection, table: Table) -> Insert:
    """Return the INSERT that has `on_conflict_do_update` and `on_conflict_do_nothing`."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)
