"""What a running server has written down."""

from pathlib import Path
from typing import Any

from ossian.storage.account_records import StoredUsage
from ossian.storage.database import Database
from tests.server.keys import in_database
from tests.server.serving import MODEL, NOW, Served, until

PRICES: dict[str, Any] = {"input": "2", "cached_input": "1", "output": "10"}  # of a million tokens
PRICED: dict[str, Any] = {"catalog": {"models": [{"id": MODEL, "series": "nano", "prices": PRICES}]}}


async def all_usage(database: Database) -> list[StoredUsage]:
    page = await database.usage.page(0, 2 * NOW, limit=10_000)
    assert page is not None
    return page.items


def usage_of(served: Served, num: int) -> list[StoredUsage]:
    """The records once there are so many."""
    found: list[StoredUsage] = []

    def are_all_there() -> bool:
        found[:] = in_database(served, all_usage)
        return len(found) >= num

    until(are_all_there)
    assert len(found) == num
    return found


async def usage_in(folder: Path) -> list[StoredUsage]:
    """The records of a server that has ended."""
    database = await Database.open(f"sqlite:///{folder / 'ossian.sqlite3'}")
    try:
        return await all_usage(database)
    finally:
        await database.close()
