"""Chains of previous_response_id: their context, and what deletion and retention leave of them."""

import asyncio
import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from ossian.storage import Database, JsonObject, chains
from tests.storage.samples import ids, item, running, stored


async def make_chain(database: Database, num_responses: int, **fields: Any) -> None:
    for number in range(num_responses):
        before = f"resp_{number - 1}" if number else None
        await database.responses.finish(stored(f"resp_{number}", continues=before, **fields))


async def num_rows(database: Database) -> int:
    """How many responses are still on disk: an id that can be used again is not."""
    num_free = 0
    for number in range(10):
        await database.responses.finish(stored(f"resp_{number}", scope="probe"))
        num_free += await database.responses.delete("probe", f"resp_{number}")
    return 10 - num_free


async def test_the_context_is_every_item_of_the_chain_oldest_first(database: Database) -> None:
    await make_chain(database, 3)
    assert ids(await database.responses.context("a", "resp_0")) == ["in_0", "in_0b", "out_0"]
    assert ids(await database.responses.context("a", "resp_2")) == [
        *("in_0", "in_0b", "out_0"),
        *("in_1", "in_1b", "out_1"),
        *("in_2", "in_2b", "out_2"),
    ]


async def test_chains_may_fork(database: Database) -> None:
    await database.responses.finish(stored("resp_0"))
    await database.responses.finish(stored("resp_1", continues="resp_0"))
    await database.responses.finish(stored("resp_2", continues="resp_0"))
    assert ids(await database.responses.context("a", "resp_2"))[-3:] == ["in_2", "in_2b", "out_2"]
    assert "in_1" not in ids(await database.responses.context("a", "resp_2"))


async def test_a_chain_of_two_hundred_is_whole(database: Database) -> None:
    await make_chain(database, 200)
    assert len(await database.responses.context("a", "resp_199") or []) == 600


async def test_links_without_items_do_not_break_a_chain(database: Database) -> None:
    nothing: JsonObject = {"output": []}
    await database.responses.finish(stored("resp_0", body=nothing, input_items=[]))
    await database.responses.finish(stored("resp_1", continues="resp_0"))
    await database.responses.finish(stored("resp_2", body=nothing, input_items=[], continues="resp_1"))
    assert ids(await database.responses.context("a", "resp_2")) == ["in_1", "in_1b", "out_1"]
    assert await database.responses.context("a", "resp_0") == []


async def test_a_chain_whose_beginning_was_never_stored_has_no_context(database: Database) -> None:
    await database.responses.finish(stored("resp_1", continues="resp_0"))
    await database.responses.finish(stored("resp_2", continues="resp_1"))
    assert await database.responses.context("a", "resp_2") is None


async def test_a_chain_does_not_go_on_in_anothers_responses(database: Database) -> None:
    await database.responses.finish(stored("resp_0", scope="b"))
    await database.responses.finish(stored("resp_1", continues="resp_0"))
    assert await database.responses.context("a", "resp_1") is None
    assert await database.responses.context("b", "resp_1") is None


async def test_what_is_erased_while_it_is_continued_stays_in_the_context(database: Database) -> None:
    await make_chain(database, 2)
    history = await database.responses.context("a", "resp_1") or []
    assert await database.responses.delete("a", "resp_1")
    assert await database.responses.delete("a", "resp_0")
    assert await database.responses.finish(stored("resp_2", continues="resp_1", history=history))
    await database.responses.finish(stored("resp_3", continues="resp_2", history=[item("not_needed")]))
    whole = [f"{name}_{number}{also}" for number in range(4) for name, also in [("in", ""), ("in", "b"), ("out", "")]]
    assert ids(await database.responses.context("a", "resp_3")) == whole
    assert await database.responses.delete("a", "resp_2")
    assert await database.responses.delete("a", "resp_3")
    assert await num_rows(database) == 0


async def test_anothers_response_is_not_what_is_continued(database: Database) -> None:
    await database.responses.finish(stored("resp_0", scope="b"))
    await database.responses.finish(stored("resp_1", continues="resp_0", history=[item("mine")]))
    assert ids(await database.responses.context("a", "resp_1")) == ["mine", "in_1", "in_1b", "out_1"]


async def test_what_a_later_response_continues_is_hidden_and_not_erased(database: Database) -> None:
    await make_chain(database, 3)
    before = await database.responses.context("a", "resp_2")
    assert await database.responses.delete("a", "resp_1")
    assert await database.responses.get("a", "resp_1") is None
    assert await database.responses.context("a", "resp_1") is None
    assert await database.responses.find_items("a", ["in_1"]) == {}
    assert await database.responses.context("a", "resp_2") == before
    assert not await database.responses.delete("a", "resp_1")


async def test_erasing_the_last_of_a_chain_erases_what_was_kept_for_it(database: Database) -> None:
    await make_chain(database, 4)
    for name in ["resp_1", "resp_2", "resp_3"]:
        await database.responses.delete("a", name)
    assert await num_rows(database) == 1
    assert ids(await database.responses.context("a", "resp_0")) == ["in_0", "in_0b", "out_0"]


async def test_a_fork_keeps_what_both_continue(database: Database) -> None:
    await database.responses.finish(stored("resp_0"))
    for name in ["resp_1", "resp_2"]:
        await database.responses.finish(stored(name, continues="resp_0"))
    await database.responses.delete("a", "resp_0")
    await database.responses.delete("a", "resp_1")
    assert ids(await database.responses.context("a", "resp_2"))[:3] == ["in_0", "in_0b", "out_0"]
    await database.responses.delete("a", "resp_2")
    assert await num_rows(database) == 0


async def test_a_running_response_keeps_what_it_continues(database: Database) -> None:
    await database.responses.finish(stored("resp_0"))
    await database.responses.start(running("resp_1", continues="resp_0"), "server", 1.0)
    await database.responses.delete("a", "resp_0")
    await database.responses.finish(stored("resp_1", continues="resp_0", is_background=True))
    assert ids(await database.responses.context("a", "resp_1"))[:3] == ["in_0", "in_0b", "out_0"]


async def test_a_running_response_that_is_deleted_lets_go_of_what_it_continues(database: Database) -> None:
    await database.responses.finish(stored("resp_0"))
    await database.responses.start(running("resp_1", continues="resp_0"), "server", 1.0)
    await database.responses.delete("a", "resp_1")
    await database.responses.delete("a", "resp_0")
    assert await num_rows(database) == 2
    await database.responses.finish(stored("resp_1", continues="resp_0", is_background=True))
    assert await num_rows(database) == 0


async def test_retention_takes_what_is_too_old(database: Database) -> None:
    await database.responses.finish(stored("resp_0", expires_at=10.0))
    await database.responses.finish(stored("resp_1", expires_at=20.0))
    await database.responses.finish(stored("resp_2"))
    assert await database.responses.purge(10.0) == 0
    assert await database.responses.purge(10.5) == 1
    assert await database.responses.get("a", "resp_0") is None
    assert await database.responses.get("a", "resp_1") is not None
    assert await database.responses.purge(1e12) == 1
    assert await database.responses.get("a", "resp_2") is not None


async def test_retention_leaves_the_context_of_what_is_younger(database: Database) -> None:
    await make_chain(database, 3, expires_at=10.0)
    await database.responses.finish(stored("resp_3", continues="resp_2", expires_at=20.0))
    before = await database.responses.context("a", "resp_3")
    assert await database.responses.purge(15.0) == 3
    assert await database.responses.get("a", "resp_2") is None
    assert await database.responses.context("a", "resp_3") == before
    assert await database.responses.purge(25.0) == 1
    assert await num_rows(database) == 0


async def test_retention_takes_hundreds(database: Database) -> None:
    await make_chain(database, 110, expires_at=10.0)
    assert await database.responses.purge(11.0) == 110
    assert await num_rows(database) == 0


async def test_retention_leaves_what_runs(database: Database) -> None:
    await database.responses.start(running("resp_0", expires_at=10.0), "server", 1.0)
    assert await database.responses.purge(1e12) == 0
    assert await database.responses.get("a", "resp_0") is not None


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parents=st.lists(st.integers(0, 9), min_size=10, max_size=10),
    order=st.permutations(range(10)),
    kept=st.integers(0, 9),
)
async def test_deleting_a_forest_in_any_order_leaves_just_what_is_needed(
    database: Database, parents: list[int], order: list[int], kept: int
) -> None:
    """Response n continues one before it, or none; all but one are deleted."""
    continued = {number: parent if parent < number else None for number, parent in enumerate(parents)}
    for number, parent in continued.items():
        before = None if parent is None else f"resp_{parent}"
        assert await database.responses.finish(stored(f"resp_{number}", continues=before))
    chain = [kept]
    while (parent := continued[chain[-1]]) is not None:
        chain.append(parent)
    for number in order:
        assert number == kept or await database.responses.delete("a", f"resp_{number}")
    expected = [name for number in reversed(chain) for name in (f"in_{number}", f"in_{number}b", f"out_{number}")]
    assert ids(await database.responses.context("a", f"resp_{kept}")) == expected
    assert await num_rows(database) == len(chain)
    await database.responses.delete("a", f"resp_{kept}")
    assert await num_rows(database) == 0


@pytest.mark.parametrize("size", [1_000_000])
async def test_large_items_are_stored_whole(database: Database, size: int) -> None:
    large = item("in_large", "0123456789" * (size // 10))
    await database.responses.finish(stored(input_items=[large]))
    assert (await database.responses.context("a", "resp_1") or [])[0] == large


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_two_that_are_deleted_at_once_leave_nothing(database: Database) -> None:
    """Neither deletion sees the other's, and yet one of them has to erase what both let go of."""
    await make_chain(database, 2)
    is_deleted, is_done = threading.Event(), threading.Event()
    waiting = "FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    num_waiting = text(f"SELECT count(*) {waiting}")

    def delete_and_linger(sql: Connection) -> None:
        chains.delete(sql, "a", "resp_1")
        is_deleted.set()
        while not (is_done.is_set() or sql.scalar(num_waiting)):
            sql.execute(text("SELECT pg_stat_clear_snapshot()"))

    first = asyncio.create_task(database._transactions.write(delete_and_linger))
    await asyncio.to_thread(is_deleted.wait)
    assert await database.responses.delete("a", "resp_0")
    is_done.set()
    await first
    assert await num_rows(database) == 0
