"""When keys were last used reaches the database, without a write for each use."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from ossian.errors import StorageError
from ossian.server import last_uses
from ossian.server.last_uses import LastUses


class Database:
    """Keeps what is written, unless it is away."""

    def __init__(self) -> None:
        self.writes: list[Mapping[str, int]] = []
        self.is_away = False

    async def write(self, times: Mapping[str, int]) -> None:
        if self.is_away:
            raise StorageError("away")
        self.writes.append(dict(times))


async def test_the_last_use_of_each_key_is_written_at_the_end() -> None:
    database = Database()
    uses = LastUses(database.write)
    for key_id, now in [("a", 1.5), ("b", 2.0), ("a", 3.9)]:
        uses.note(key_id, now)
    await uses.aclose()
    assert database.writes == [{"a": 3, "b": 2}]


async def test_nothing_is_written_when_nothing_was_used() -> None:
    database = Database()
    uses = LastUses(database.write)
    await uses.write_now()
    await uses.aclose()
    assert database.writes == []


async def test_they_are_written_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_uses, "WRITE_SECONDS", 0.001)
    database = Database()
    uses = LastUses(database.write)
    for number in range(3):
        uses.note("a", number)
        async with asyncio.timeout(30):
            while len(database.writes) <= number:
                await asyncio.sleep(0.001)
    await uses.aclose()
    assert database.writes == [{"a": 0}, {"a": 1}, {"a": 2}]


async def test_they_are_kept_while_the_database_is_away() -> None:
    database = Database()
    uses = LastUses(database.write)
    uses.note("a", 1)
    uses.note("b", 1)
    database.is_away = True
    with capture_logs() as logs:
        await uses.write_now()
    logged: Any = [(entry["log_level"], entry["num_keys"], entry["reason"]) for entry in logs]
    assert logged == [("warning", 2, "away")]
    uses.note("a", 5)
    database.is_away = False
    await uses.aclose()
    assert database.writes == [{"a": 5, "b": 1}]
