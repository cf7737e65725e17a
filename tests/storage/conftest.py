from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from ossian.storage import Database
from tests.conftest import BOTH_DATABASES
from tests.databases import drop_tables, postgresql_url, sqlite_url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database without rows; the test runs once with SQLite and once with PostgreSQL."""
    database = await Database.open(database_url)
    yield database
    await database.close()


@pytest.fixture(params=BOTH_DATABASES)
def bare_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path)
        return
    url = postgresql_url()
    drop_tables(url)
    yield url
    drop_tables(url)
