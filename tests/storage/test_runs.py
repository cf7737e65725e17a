"""Background responses while they run: leases, cancellation and events, on both databases."""

import asyncio
from dataclasses import replace

from ossian.storage import Database, JsonObject
from tests.storage.samples import running, stored


def events(first: int, last: int) -> list[JsonObject]:
    return [{"type": "response.output_text.delta", "delta": f"number {number}"} for number in range(first, last)]


async def expired_ids(database: Database, now: float) -> list[str]:
    return [response.id for response in await database.responses.expired(now)]


async def test_a_lease_that_is_not_renewed_ends(database: Database) -> None:
    await database.responses.start(running("resp_1"), "alive", 100.0)
    await database.responses.start(running("resp_2"), "dead", 100.0)
    assert await expired_ids(database, 100.0) == []
    assert await database.responses.renew_leases("alive", ["resp_1", "resp_2"], 200.0) == {"resp_1"}
    assert await expired_ids(database, 101.0) == ["resp_2"]
    assert await expired_ids(database, 201.0) == ["resp_1", "resp_2"]


async def test_what_its_owner_does_not_know_of_any_more_is_lost(database: Database) -> None:
    """Its server took it for not begun: the database went away before it could say so."""
    for response_id in ("resp_1", "resp_2"):
        await database.responses.start(running(response_id), "alive", 100.0)
    assert await database.responses.renew_leases("alive", ["resp_2"], 200.0) == {"resp_2"}
    assert await database.responses.renew_leases("other", ["resp_1"], 200.0) == set()
    assert await expired_ids(database, 150.0) == ["resp_1"]


async def test_a_lost_response_comes_with_all_that_is_known_of_it(database: Database) -> None:
    response = running("resp_1", conversation_id="conv_1", continues="resp_0", expires_at=5.0)
    await database.responses.start(response, "dead", 100.0)
    assert await database.responses.expired(101.0) == [response]


async def test_a_finished_response_has_no_lease(database: Database) -> None:
    await database.responses.start(running("resp_1"), "server", 100.0)
    await database.responses.finish(stored("resp_1", status="failed", is_background=True))
    assert await expired_ids(database, 1e12) == []
    assert await database.responses.renew_leases("server", ["resp_1"], 200.0) == set()


async def test_a_deleted_response_is_still_its_owners_to_end(database: Database) -> None:
    await database.responses.start(running("resp_1"), "dead", 100.0)
    await database.responses.delete("a", "resp_1")
    assert await expired_ids(database, 101.0) == ["resp_1"]
    assert await database.responses.finish(stored("resp_1", status="failed", is_background=True))
    assert await expired_ids(database, 101.0) == []


async def test_several_servers_may_end_a_lost_response_and_one_does(database: Database) -> None:
    await database.responses.start(running("resp_1"), "dead", 100.0)
    failed = stored("resp_1", status="failed", is_background=True)
    ended = await asyncio.gather(*(database.responses.finish(failed) for _ in range(5)))
    assert sorted(ended) == [False, False, False, False, True]


async def test_owners_learn_what_to_cancel(database: Database) -> None:
    for name, owner in [("resp_1", "one"), ("resp_2", "one"), ("resp_3", "two")]:
        await database.responses.start(running(name), owner, 100.0)
    assert await database.responses.request_cancel("a", "resp_1")
    assert await database.responses.request_cancel("a", "resp_1"), "asking again is no error"
    assert await database.responses.request_cancel("a", "resp_3")
    assert await database.responses.cancel_requested("one") == {"resp_1"}
    assert await database.responses.cancel_requested("two") == {"resp_3"}
    assert await database.responses.cancel_requested("three") == set()


async def test_only_what_runs_can_be_cancelled_and_only_by_its_caller(database: Database) -> None:
    await database.responses.start(running("resp_1"), "server", 100.0)
    await database.responses.finish(stored("resp_2"))
    assert not await database.responses.request_cancel("b", "resp_1")
    assert not await database.responses.request_cancel("a", "resp_2")
    assert await database.responses.cancel_requested("server") == set()
    await database.responses.finish(stored("resp_1", is_background=True))
    assert not await database.responses.request_cancel("a", "resp_1")


async def test_events_come_back_in_order_from_any_number(database: Database) -> None:
    await database.responses.start(running(), "server", 100.0)
    assert await database.responses.append_events("resp_1", 0, events(0, 3))
    assert await database.responses.append_events("resp_1", 3, events(3, 12))
    assert await database.responses.append_events("resp_1", 12, [])
    assert await database.responses.events("a", "resp_1") == events(0, 12)
    assert await database.responses.events("a", "resp_1", 2) == events(2, 12)
    for beyond in [12, 2**31, 10**100]:
        assert await database.responses.events("a", "resp_1", beyond) == []
    assert await database.responses.events("a", "resp_1", -(10**100)) == events(0, 12)
    assert await database.responses.events("b", "resp_1") == []


async def test_events_that_are_sent_again_are_stored_once(database: Database) -> None:
    await database.responses.start(running(), "server", 100.0)
    await database.responses.append_events("resp_1", 0, events(0, 5))
    await database.responses.append_events("resp_1", 3, events(3, 8))
    assert await database.responses.events("a", "resp_1") == events(0, 8)


async def test_events_outlive_the_run_and_go_with_the_response(database: Database) -> None:
    await database.responses.start(running(), "server", 100.0)
    await database.responses.append_events("resp_1", 0, events(0, 3))
    await database.responses.finish(stored(is_background=True))
    assert await database.responses.events("a", "resp_1") == events(0, 3)
    await database.responses.delete("a", "resp_1")
    assert await database.responses.events("a", "resp_1") == []
    await database.responses.start(running(), "server", 100.0)
    assert await database.responses.events("a", "resp_1") == [], "an id that is used again starts afresh"


async def test_what_does_not_run_takes_no_events(database: Database) -> None:
    assert not await database.responses.append_events("resp_1", 0, events(0, 1))
    await database.responses.finish(stored("resp_1"))
    assert not await database.responses.append_events("resp_1", 0, events(0, 1))
    assert await database.responses.events("a", "resp_1") == []


async def test_a_queued_response_begins_and_keeps_its_lease_and_items(database: Database) -> None:
    queued = running("resp_1")
    await database.responses.start(queued, "server", 100.0)
    begun = replace(queued, status="in_progress", body=queued.body | {"status": "in_progress"})
    assert await database.responses.begin(begun)
    assert await database.responses.get("a", "resp_1") == begun
    assert await expired_ids(database, 101.0) == ["resp_1"]


async def test_what_is_not_running_does_not_begin(database: Database) -> None:
    await database.responses.start(running("resp_1"), "server", 100.0)
    failed = stored("resp_1", status="failed", is_background=True)
    await database.responses.finish(failed)
    for response in (running("resp_1"), running("resp_2"), replace(running("resp_1"), scope="b")):
        assert not await database.responses.begin(response)
    assert await database.responses.get("a", "resp_1") == failed
