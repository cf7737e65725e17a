"""Usage records that are erased when they are old."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from ossian.server.usage_retention import DAY, UsageRetention
from ossian.settings import UsageSettings
from ossian.storage.database import Database
from tests.api.organization.records import REQUEST
from tests.server.keys import in_database
from tests.server.records import all_usage
from tests.server.serving import NOW, scripted, serving, until


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """One with a request of each of the last three days."""
    database = await Database.open(f"sqlite:///{tmp_path / 'ossian.sqlite3'}")
    await database.usage.append([replace(REQUEST, id=f"usage_{age}", started_at=NOW - age * DAY) for age in range(3)])
    yield database
    await database.close()


@pytest.mark.parametrize("days, num_left", [(None, 3), (2.5, 3), (2.0, 3), (1.5, 2), (0.5, 1)])
async def test_what_is_older_is_erased(database: Database, days: float | None, num_left: int) -> None:
    await UsageRetention(database.usage, UsageSettings(retention_days=days), lambda: NOW).purge()
    assert [each.id for each in await all_usage(database)] == ["usage_2", "usage_1", "usage_0"][3 - num_left :]


def test_a_server_erases_when_it_starts(tmp_path: Path) -> None:
    with serving(scripted(), sections={"data_dir": tmp_path}) as server:
        old = [replace(REQUEST, id="usage_old", started_at=NOW - 2 * DAY)]
        in_database(server, lambda database: database.usage.append(old))
    with serving(scripted(), sections={"data_dir": tmp_path, "usage": {"retention_days": 1}}) as server:
        until(lambda: in_database(server, all_usage) == [])
