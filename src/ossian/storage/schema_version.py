"""Brings a database's tables to this version of Ossian."""

import asyncio
from pathlib import Path
from threading import Lock

from sqlalchemy import URL, Connection, column, inspect, select, table, text

from ossian.errors import ConfigurationError
from ossian.storage.engines import is_sqlite, passing_engine
from ossian.storage.tables import HEAD
from ossian.storage.transactions import Transactions
from ossian.storage.urls import shown

MIGRATIONS = Path(__file__).parent / "migrations"
POSTGRESQL_LOCK = text("SELECT pg_advisory_xact_lock(5506468)")  # any number, but always the same
VERSION_TABLE = "alembic_version"

_alembic_is_in_use = Lock()  # its `op` and `context` belong to the whole process


async def migrate(transactions: Transactions, url: URL) -> None:
    """Make or alter the tables unless they are as this version wants them; one process at a time, whole or not at all.

    Raises ConfigurationError when a newer Ossian made them.
    """
    if await transactions.read(revision_of) != HEAD:
        await asyncio.to_thread(upgrade, url)


def revision_of(sql: Connection) -> str | None:
    """Return the revision of the tables, None when there are none."""
    if not inspect(sql).has_table(VERSION_TABLE):
        return None
    revision: str | None = sql.scalar(select(column("version_num")).select_from(table(VERSION_TABLE)))
    return revision


def upgrade(url: URL) -> None:
    """Run the migrations that are missing."""
    engine = passing_engine(url).execution_options(sqlite_begin="BEGIN IMMEDIATE")
    with _alembic_is_in_use, engine.begin() as connection:
        if not is_sqlite(url):
            connection.execute(POSTGRESQL_LOCK)
        run_migrations(connection, shown(url))


def run_migrations(sql: Connection, place: str) -> None:
    """Run them inside a transaction that no other process can have at the same time."""
    from alembic import command  # noqa: PLC0415 (an up-to-date database opens in less time than this takes to import)
    from alembic.config import Config  # noqa: PLC0415 (likewise)
    from alembic.script import ScriptDirectory  # noqa: PLC0415 (likewise)

    config = Config(attributes={"connection": sql})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    revision = revision_of(sql)
    if revision not in {None, *known}:
        raise ConfigurationError(
            f"The database {place} is of a newer Ossian: its tables are at revision '{revision}', and this version "
            f"knows them up to '{HEAD}'. Install the newer version again, or choose another database with "
            "OSSIAN_DATABASE_URL or OSSIAN_DATA_DIR."
        )
    command.upgrade(config, "head")
