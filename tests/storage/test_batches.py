"""Batches: one owner at a time, each line's result once, and ends that are whole."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import DDLElement, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from ossian.storage import Database, batch_rows
from ossian.storage import batches as batch_store
from ossian.storage.file_records import StoredResult, Tally
from ossian.storage.file_tables import IS_UNFINISHED, batches
from tests.storage.file_samples import NOW, batch, file, moving, result, store, store_batch
from tests.storage.test_files import num_rows


async def texts(database: Database, batch_id: str = "batch_1") -> list[tuple[int, bool, bytes]]:
    return [(found.line, found.is_error, found.text) async for found in database.batches.results(batch_id)]


async def test_a_batch_comes_back_as_it_was_stored(database: Database) -> None:
    stored = await store_batch(database, batch(scope=""))
    assert await database.batches.get("", "batch_1") == stored
    assert await database.batches.get("b", "batch_1") is None


async def test_a_batch_needs_its_file(database: Database) -> None:
    await store(database, file("file-b", "b"))
    await store(database, file("file-old", expires_at=NOW))
    for missing in ("file-1", "file-b", "file-old"):
        assert await database.batches.create(batch(input_file_id=missing), 100, NOW) == "no_file"
    assert await database.batches.get("a", "batch_1") is None


async def test_a_scope_has_so_many_unfinished_batches(database: Database) -> None:
    await store(database, file())
    await store(database, file("file-b", "b"))
    assert await database.batches.create(batch("batch_1"), 2, NOW) == "created"
    assert await database.batches.create(batch("batch_2"), 2, NOW) == "created"
    assert await database.batches.create(batch("batch_3"), 2, NOW) == "too_many"
    assert await database.batches.create(batch("batch_4", "b", input_file_id="file-b"), 2, NOW) == "created"
    await database.batches.claim("me", NOW, NOW + 10)
    await database.batches.finish("me", "batch_1", ["validating"], moving("failed"))
    assert await database.batches.create(batch("batch_3"), 2, NOW) == "created"


async def test_batches_are_listed_in_pages(database: Database) -> None:
    for number in range(3):
        await store_batch(database, batch(f"batch_{number}", created_at=NOW + number))
    page = await database.batches.page("a", limit=2)
    assert page is not None
    assert ([found.id for found in page.items], page.has_more) == (["batch_2", "batch_1"], True)
    page = await database.batches.page("a", after="batch_1", order="asc")
    assert page is not None
    assert ([found.id for found in page.items], page.has_more) == (["batch_2"], False)
    assert await database.batches.page("b", after="batch_1") is None


async def test_one_server_has_a_batch_until_its_lease_ends(database: Database) -> None:
    stored = await store_batch(database)
    assert await database.batches.claim("me", NOW, NOW + 10) == [stored]
    assert await database.batches.claim("you", NOW + 10, NOW + 20) == []
    assert await database.batches.statuses("me") == {"batch_1": "validating"}
    assert await database.batches.claim("you", NOW + 10.1, NOW + 20) == [stored]
    assert await database.batches.statuses("me") == {}
    assert not await database.batches.add_result("me", "batch_1", result(1))
    assert await database.batches.change("me", "batch_1", ["validating"], moving("in_progress")) is None
    assert await database.batches.finish("me", "batch_1", ["validating"], moving("failed")) is None
    assert await texts(database) == []


async def test_leases_are_renewed_and_released(database: Database) -> None:
    await store_batch(database)
    await database.batches.claim("me", NOW, NOW + 10)
    assert await database.batches.renew("me", ["batch_1", "gone"], NOW + 100) == {"batch_1": "validating"}
    assert await database.batches.renew("you", ["batch_1"], NOW + 200) == {}
    assert await database.batches.renew("me", [], NOW + 200) == {}
    assert await database.batches.claim("you", NOW + 50, NOW + 60) == []
    await database.batches.release("you", "batch_1")
    assert await database.batches.claim("you", NOW + 50, NOW + 60) == []
    await database.batches.release("me", "batch_1")
    assert [found.id for found in await database.batches.claim("you", NOW + 50, NOW + 60)] == ["batch_1"]


async def test_of_servers_that_claim_at_once_one_gets_each_batch(database: Database) -> None:
    for number in range(6):
        await store_batch(database, batch(f"batch_{number}", created_at=NOW + number))
    claims = await asyncio.gather(*(database.batches.claim(owner, NOW, NOW + 10) for owner in "abcd"))
    ids = [found.id for claimed in claims for found in claimed]
    assert sorted(ids) == [f"batch_{number}" for number in range(6)]
    assert all(claimed == sorted(claimed, key=lambda found: found.created_at) for claimed in claims)


async def test_a_line_has_one_result_and_counts_once(database: Database) -> None:
    await store_batch(database)
    await database.batches.claim("me", NOW, NOW + 10)
    assert await database.batches.add_result("me", "batch_1", result(5, text=b"first"))
    assert await database.batches.add_result("me", "batch_1", result(5, is_error=True, text=b"second"))
    assert await database.batches.add_result("me", "batch_1", result(2, is_error=True, text=b"other"))
    assert await texts(database) == [(2, True, b"other"), (5, False, b"first")]
    assert await database.batches.done_lines("batch_1") == {2, 5}
    found = await database.batches.get("a", "batch_1")
    assert found is not None
    assert found.tally == Tally(1, 1, 14, 2, 10, 4)


async def test_results_are_read_in_the_order_of_lines(database: Database) -> None:
    await store_batch(database)
    await database.batches.claim("me", NOW, NOW + 10)
    lines = list(range(1, 131))
    for line in reversed(lines):
        assert await database.batches.add_result("me", "batch_1", StoredResult(line, False, b"%d" % line))
    assert await texts(database) == [(line, False, b"%d" % line) for line in lines]


async def test_large_results_are_read_a_few_at_a_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_store, "RESULT_BYTES_READ", 1000)
    read = list[int]()
    rows = batch_rows.results

    def noted(*arguments: Any) -> list[StoredResult]:
        found = rows(*arguments)
        read.append(len(found))
        return found

    monkeypatch.setattr(batch_rows, "results", noted)
    await store_batch(database)
    await database.batches.claim("me", NOW, NOW + 10)
    sizes = [400, 600, 1, 5000, 1000, 10]
    for line, size in enumerate(sizes, start=1):
        assert await database.batches.add_result("me", "batch_1", StoredResult(line, False, b"x" * size))
    assert [len(text) for _, _, text in await texts(database)] == sizes
    assert read == [2, 1, 1, 1, 1, 0]


def test_unfinished_batches_are_found_by_their_index() -> None:
    wanted = select(batches.c.id).where(IS_UNFINISHED).order_by(batches.c.created_at)
    text = str(wanted.compile(dialect=sqlite.dialect()))
    assert text.replace("\n", "").endswith("WHERE batches.is_unfinished ORDER BY batches.created_at")
    with closing(sqlite3.connect(":memory:")) as connection:
        made: list[DDLElement] = [CreateTable(batches), *map(CreateIndex, batches.indexes)]
        for each in made:
            connection.execute(str(each.compile(dialect=sqlite.dialect())))
        plan = connection.execute(f"EXPLAIN QUERY PLAN {text}").fetchall()
    assert "batches_unfinished_idx" in str(plan)


async def test_changes_are_made_in_the_states_they_are_for(database: Database) -> None:
    await store_batch(database)
    await database.batches.claim("me", NOW, NOW + 10)
    changed = await database.batches.change("me", "batch_1", ["validating"], moving("in_progress"), num_lines=7)
    assert changed is not None
    assert (changed.status, changed.body["status"], changed.num_lines) == ("in_progress", "in_progress", 7)
    assert await database.batches.change("me", "batch_1", ["validating"], moving("in_progress")) is None
    assert await database.batches.get("a", "batch_1") == changed


async def test_cancelling_is_a_request_to_the_owner(database: Database) -> None:
    await store_batch(database)
    states = ["validating", "in_progress"]
    assert await database.batches.request_cancel("b", "batch_1", states, moving("cancelling")) is None
    cancelling = await database.batches.request_cancel("a", "batch_1", states, moving("cancelling"))
    assert cancelling is not None
    assert cancelling.status == "cancelling"
    again = await database.batches.request_cancel("a", "batch_1", states, moving("oops"))
    assert again == cancelling
    await database.batches.claim("me", NOW, NOW + 10)
    assert await database.batches.statuses("me") == {"batch_1": "cancelling"}


async def test_an_end_is_whole(database: Database) -> None:
    await store_batch(database)
    await database.batches.claim("me", NOW, NOW + 10)
    await database.batches.add_result("me", "batch_1", result(1))
    output = file("file-out", purpose="batch_output")
    await database.files.begin(replace(output, num_bytes=0))
    assert await database.batches.finish("me", "batch_1", ["finalizing"], moving("completed"), [output], 3) is None
    assert await database.files.get("a", "file-out", NOW) is None
    ended = await database.batches.finish("me", "batch_1", ["validating"], moving("expired"), [output], 3)
    assert ended is not None
    assert (ended.status, ended.tally.num_completed, ended.tally.num_failed) == ("expired", 1, 3)
    assert await database.files.get("a", "file-out", NOW) == output
    assert await database.batches.claim("you", NOW + 100, NOW + 110) == []
    assert not await database.batches.add_result("me", "batch_1", result(2))


async def test_results_are_erased_when_the_batch_has_ended(database: Database) -> None:
    for number in (1, 2):
        await store_batch(database, batch(f"batch_{number}"))
    await database.batches.claim("me", NOW, NOW + 10)
    for number in (1, 2):
        for line in (1, 2, 3):
            await database.batches.add_result("me", f"batch_{number}", result(line))
    await database.batches.finish("me", "batch_1", ["validating"], moving("failed"))
    await database.batches.purge()
    assert await texts(database, "batch_1") == []
    assert len(await texts(database, "batch_2")) == await num_rows(database, "batch_results") == 3


async def test_results_of_one_line_from_several_servers_are_one(database: Database) -> None:
    """A server that was taken for dead comes back: what it finishes does not count."""
    await store_batch(database)
    await database.batches.claim("me", NOW, NOW + 10)
    await database.batches.claim("you", NOW + 11, NOW + 21)
    added = await asyncio.gather(
        *(database.batches.add_result(owner, "batch_1", result(line)) for owner in ("me", "you") for line in range(5))
    )
    assert added == [False] * 5 + [True] * 5
    found = await database.batches.get("a", "batch_1")
    assert found is not None
    assert found.tally.num_completed == 5
