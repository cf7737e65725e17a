"""Migrations: from nothing to the tables of today, and never half-way."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Inspector, create_engine, inspect, text

from ossian.errors import ConfigurationError
from ossian.storage import Database
from ossian.storage.engines import passing_engine
from ossian.storage.schema_version import MIGRATIONS, VERSION_TABLE, upgrade
from ossian.storage.tables import HEAD, metadata
from ossian.storage.urls import driver_url
from tests.databases import drop_tables, make_tables, postgresql_url, sqlite_url
from tests.repository import ROOT


async def open_and_close(url: str) -> None:
    await (await Database.open(url)).close()


def execute(url: str, *statements: str) -> None:
    with passing_engine(driver_url(url)).begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def schema(url: str) -> dict[str, Any]:
    """All that the database itself says of its tables."""
    with passing_engine(driver_url(url)).connect() as connection:
        inspector = inspect(connection)
        return {name: table(inspector, name) for name in inspector.get_table_names() if name != VERSION_TABLE}


def table(inspector: Inspector, name: str) -> dict[str, Any]:
    columns = [column | {"type": str(column["type"])} for column in inspector.get_columns(name)]
    indexes = [index | {"dialect_options": options(index)} for index in inspector.get_indexes(name)]
    return {
        "columns": columns,
        "primary key": inspector.get_pk_constraint(name),
        "foreign keys": inspector.get_foreign_keys(name),
        "indexes": sorted(indexes, key=lambda index: str(index["name"])),
    }


def options(index: Any) -> dict[str, str]:
    """Its WHERE, mostly; as text, since conditions compare as SQL does."""
    return {name: str(value) for name, value in index.get("dialect_options", {}).items()}


def test_there_is_one_newest_revision_and_the_tables_are_of_it() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert scripts.get_heads() == [HEAD]
    assert len(scripts.get_bases()) == 1


async def test_an_empty_database_migrated_is_what_the_tables_say(bare_database_url: str) -> None:
    await open_and_close(bare_database_url)
    migrated = schema(bare_database_url)
    assert set(migrated) == set(metadata.tables)
    execute(bare_database_url, *(f"DROP TABLE {table.name}" for table in reversed(metadata.sorted_tables)))
    with passing_engine(driver_url(bare_database_url)).begin() as connection:
        metadata.create_all(connection)
    assert schema(bare_database_url) == migrated


async def test_migrating_again_changes_nothing(bare_database_url: str) -> None:
    await open_and_close(bare_database_url)
    before = schema(bare_database_url)
    upgrade(driver_url(bare_database_url))
    await open_and_close(bare_database_url)
    assert schema(bare_database_url) == before


async def test_a_database_of_a_newer_ossian_is_refused_and_left_alone(bare_database_url: str) -> None:
    await open_and_close(bare_database_url)
    execute(bare_database_url, f"UPDATE {VERSION_TABLE} SET version_num = '9999'", "CREATE TABLE novelty (id INTEGER)")
    before = schema(bare_database_url)
    with pytest.raises(ConfigurationError) as caught:
        await Database.open(bare_database_url)
    said = str(caught.value)
    revisions = f"its tables are at revision '9999', and this version knows them up to '{HEAD}'"
    assert f"is of a newer Ossian: {revisions}" in said
    assert "Install the newer version again, or choose another database with OSSIAN_DATABASE_URL" in said
    assert schema(bare_database_url) == before


async def test_a_migration_that_fails_leaves_nothing_behind(bare_database_url: str) -> None:
    if bare_database_url.startswith("sqlite"):
        make_file(bare_database_url)
    execute(bare_database_url, "CREATE TABLE prompts (whose INTEGER)")  # somebody else's
    before = schema(bare_database_url)
    with pytest.raises(ConfigurationError, match=r"cannot be used: .*prompts.* already exists"):
        await Database.open(bare_database_url)
    assert schema(bare_database_url) == before
    execute(bare_database_url, "DROP TABLE prompts")
    await open_and_close(bare_database_url)
    assert set(schema(bare_database_url)) == set(metadata.tables)


def make_file(url: str) -> None:
    create_engine(url).connect().close()


async def test_many_may_open_a_new_database_at_once(bare_database_url: str) -> None:
    await asyncio.gather(*(open_and_close(bare_database_url) for _ in range(5)))
    assert set(schema(bare_database_url)) == set(metadata.tables)


OPEN = "import asyncio, sys; from ossian.storage import Database; asyncio.run(Database.open(sys.argv[1]))"


def test_a_database_that_is_up_to_date_opens_without_alembic(tmp_path: Path) -> None:
    make_tables(sqlite_url(tmp_path))
    script = f"{OPEN}; print(sorted(name for name in sys.modules if name.startswith(('alembic', 'mako'))))"
    done = subprocess.run(
        [sys.executable, "-c", script, sqlite_url(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


async def test_the_migrations_are_in_the_package() -> None:
    assert (MIGRATIONS / "env.py").is_file()
    found = sorted(path.name for path in (MIGRATIONS / "versions").glob("v*.py"))
    assert found == ["v0001_first_tables.py", "v0002_accounts.py", "v0003_files_and_batches.py"]
    assert MIGRATIONS.is_relative_to(ROOT / "src" / "ossian")


async def test_a_folder_with_a_percent_sign_does_not_confuse_the_migrations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "50%(here)s"
    folder.symlink_to(MIGRATIONS)
    monkeypatch.setattr("ossian.storage.schema_version.MIGRATIONS", folder)
    await open_and_close(f"sqlite:///{tmp_path}/ossian.sqlite3")


@pytest.mark.postgres
async def test_another_schema_of_a_shared_server_may_be_chosen() -> None:
    url = postgresql_url()
    drop_tables(url)
    execute(url, "CREATE SCHEMA aside")
    try:
        await open_and_close(f"{url}?options=-csearch_path%3Daside")
        assert schema(url) == {}
        assert set(schema(f"{url}?options=-csearch_path%3Daside")) == set(metadata.tables)
    finally:
        execute(url, "DROP SCHEMA aside CASCADE")
