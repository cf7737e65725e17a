"""The audit log, on both databases."""

from typing import Any

import pytest

from ossian.storage import AuditFilter, Database, StoredAuditEntry, StoredProject
from tests.storage.samples import entry


async def write(database: Database, *entries: StoredAuditEntry) -> None:
    """Entries come with changes only."""
    for number, each in enumerate(entries):
        assert await database.projects.create(StoredProject(f"proj_{number}", f"project {number}", 1), each)


async def ids(database: Database, **wanted: Any) -> list[str]:
    page = await database.audit.page(AuditFilter(**wanted))
    assert page is not None
    return [each.id for each in page.items]


async def test_an_entry_comes_back_as_it_was(database: Database) -> None:
    whole = entry(
        "a",
        created_at=1795264368.123456,
        project_id="proj_1",
        object_id="key_1",
        details={"name": "x\0", "limits": {"tokens_per_minute": None}},
    )
    await write(database, whole, entry("b"))
    page = await database.audit.page()
    assert page is not None
    assert page.items == [whole, entry("b")]


async def test_the_newest_comes_first(database: Database) -> None:
    await write(database, *(entry(name, created_at=time) for name, time in [("a", 2.5), ("b", 2.500001), ("c", 1.0)]))
    assert await ids(database) == ["b", "a", "c"]


@pytest.mark.parametrize(
    "wanted, expected",
    [
        ({}, ["c", "b", "a"]),
        ({"types": ["api_key.created", "api_key.deleted"]}, ["b"]),
        ({"project_ids": ["proj_1"]}, ["b", "a"]),
        ({"actor_ids": ["key_7"]}, ["c"]),
        ({"object_ids": ["key_1"]}, ["b"]),
        ({"since": 20.0}, ["c", "b"]),
        ({"until": 20.0}, ["a"]),
        ({"since": 20.0, "until": 30.0, "project_ids": ["proj_1"]}, ["b"]),
        ({"types": []}, []),
    ],
)
async def test_filters(database: Database, wanted: dict[str, Any], expected: list[str]) -> None:
    await write(
        database,
        entry("a", created_at=10.0, project_id="proj_1", object_id="proj_1"),
        entry("b", created_at=20.0, project_id="proj_1", object_id="key_1", type="api_key.created"),
        entry("c", created_at=30.0, actor_kind="admin_key", actor_id="key_7"),
    )
    assert await ids(database, **wanted) == expected


async def test_pages_follow_each_other(database: Database) -> None:
    await write(database, *(entry(f"entry_{number}", created_at=float(number)) for number in range(5)))
    first = await database.audit.page(limit=3)
    assert first is not None
    assert ([each.id for each in first.items], first.has_more) == (["entry_4", "entry_3", "entry_2"], True)
    second = await database.audit.page(after="entry_2", limit=3)
    assert second is not None
    assert ([each.id for each in second.items], second.has_more) == (["entry_1", "entry_0"], False)
    assert await database.audit.page(after="entry_9") is None


async def test_who_calls_himself_something_odd_is_still_written_down(database: Database) -> None:
    await write(database, entry("a", actor_id="\0\ud800" + "x" * 400, actor_address="\0"))
    page = await database.audit.page()
    assert page is not None
    assert page.items[0].actor_id == "\ufffd\ufffd" + "x" * 298
    assert page.items[0].actor_address == "\ufffd"
