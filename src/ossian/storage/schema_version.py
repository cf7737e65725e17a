"""Brings a database's tables to this version of Ossian."""

from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table, text

from ossian.errors import ConfigurationError
from ossian.storage.tables import HEAD
from ossian.storage.transactions import Transactions

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK_NUMBER = 0x0551A4  # of PostgreSQL's advisory lock that is held during a migration
VERSION_TABLE = "alembic_version"


async def migrate(transactions: Transactions, shown_url: str) -> None:
    """Make or alter the tables unless they are as this version wants them; one process at a time, whole or not at all.

    Raises ConfigurationError when a newer Ossian made them.
    """
    if await transactions.read(revision_of) != HEAD:
        await transactions.write(lambda sql: upgrade(sql, shown_url))


def revision_of(sql: Connection) -> str | None:
    """Return the revision of the tables, None when there are none."""
    if not inspect(sql).has_table(VERSION_TABLE):
        return None
    revision: str | None = sql.scalar(select(column("version_num")).select_from(table(VERSION_TABLE)))
    return revision


def upgrade(sql: Connection, shown_url: str) -> None:
    """Run the migrations that are missing."""
    from alembic import command  # noqa: PLC0415 (takes longer to import than an up-to-date database to open)
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    if sql.dialect.name == "postgresql":
        sql.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK_NUMBER})
    config = Config(attributes={"connection": sql})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    current = revision_of(sql)
    if current not in {None, *known}:
        raise ConfigurationError(
            f"The database {shown_url} is of a newer Ossian than this one: its tables are at revision '{current}' "
            f"and this version knows them up to '{HEAD}'. Install the newer version again, or choose another "
            "database with OSSIAN_DATABASE_URL or OSSIAN_DATA_DIR."
        )
    command.upgrade(config, "head")
