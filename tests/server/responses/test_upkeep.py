import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import structlog

from ossian.server.responses import upkeep
from ossian.server.responses.background_run import BackgroundRun
from ossian.server.responses.upkeep import Upkeep
from ossian.server.rounds import repeated
from ossian.server.service import Service
from ossian.settings import ResponsesSettings
from ossian.storage.records import StoredResponse
from tests.server.responses.asking import Json

LEASE = 10.0


class Ended(BackgroundRun):
    """A run that only notes that it was ended."""

    is_started = True

    def __init__(self) -> None:
        self.is_ended = False

    def end(self, ending: object = None) -> None:
        self.is_ended = True


class Clock:
    now = 100.0


def keeper(service: Service, owner: str = "mine", **runs: BackgroundRun) -> Upkeep:
    store = service.database.responses
    return Upkeep(store, ResponsesSettings(lease_seconds=LEASE), owner, lambda: Clock.now, runs)


async def started(service: Service, response_id: str = "resp_1", owner: str = "mine") -> StoredResponse:
    body: Json = {"id": response_id, "status": "in_progress", "output": [], "error": None}
    stored = StoredResponse(response_id, "", "in_progress", body, [], 1, is_background=True, expires_at=500.0)
    await service.database.responses.start(stored, owner, Clock.now + LEASE)
    return stored


async def status(service: Service, response_id: str = "resp_1") -> str | None:
    stored = await service.database.responses.get("", response_id)
    return None if stored is None else stored.status


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    monkeypatch.setattr(Clock, "now", 100.0)
    return lambda now: monkeypatch.setattr(Clock, "now", now)


async def test_a_lease_that_is_renewed_holds(service: Service, clock: Callable[[float], None]) -> None:
    await started(service)
    mine, other = keeper(service, resp_1=Ended()), keeper(service, "other")
    for now in (105.0, 111.0, 117.0, 123.0):
        clock(now)
        await mine.keep_leases()
        await other.keep_leases()
        assert await status(service) == "in_progress"
    for now in (128.0, 134.0):
        clock(now)
        await other.keep_leases()
    assert await status(service) == "failed"


async def test_what_a_server_does_not_make_ends_though_it_makes_others(
    service: Service, clock: Callable[[float], None]
) -> None:
    """Such as one whose beginning was stored when the answer to that was lost."""
    await started(service)
    await started(service, "resp_2")
    mine = keeper(service, resp_2=Ended())
    for now in (105.0, 111.0):
        clock(now)
        await mine.keep_leases()
    assert [await status(service, each) for each in ("resp_1", "resp_2")] == ["failed", "in_progress"]


async def test_what_another_server_has_ended_is_not_made_to_its_end(service: Service) -> None:
    first = await started(service)
    await started(service, "resp_2")
    ended, kept, unstored = Ended(), Ended(), Ended()
    unstored.is_started = False
    mine = keeper(service, resp_1=ended, resp_2=kept, resp_3=unstored)
    await service.database.responses.finish(replace(first, status="failed", body=first.body | {"status": "failed"}))
    await mine.keep_leases()
    assert (ended.is_ended, kept.is_ended, unstored.is_ended) == (True, False, False)


async def test_a_server_that_slept_does_not_bury_its_own(service: Service, clock: Callable[[float], None]) -> None:
    await started(service)
    clock(10_000.0)
    await keeper(service, resp_1=Ended()).keep_leases()
    assert await status(service) == "in_progress"


async def test_others_may_renew_their_leases_when_the_database_is_back(
    service: Service, clock: Callable[[float], None]
) -> None:
    await started(service)
    await started(service, "resp_2", owner="dead")
    mine, other = keeper(service, resp_1=Ended()), keeper(service, "other")
    await other.keep_leases()
    for now in (130.0, 135.0):  # it was away for thirty seconds, and the other server comes first
        clock(now)
        await other.keep_leases()
        assert await status(service) == "in_progress"
        await mine.keep_leases()
    clock(140.0)
    await other.keep_leases()
    assert [await status(service, each) for each in ("resp_1", "resp_2")] == ["in_progress", "failed"]


async def test_a_database_that_answers_late_does_not_make_a_server_bury_its_own(
    service: Service, clock: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    await started(service)
    renew = service.database.responses.renew_leases

    async def late(*args: Any) -> set[str]:
        clock(111.0)
        return await renew(*args)

    monkeypatch.setattr(service.database.responses, "renew_leases", late)
    await keeper(service, resp_1=Ended()).keep_leases()
    assert await status(service) == "in_progress"


async def test_what_is_lost_has_failed_with_what_it_had_said(service: Service, clock: Callable[[float], None]) -> None:
    stored = await started(service)
    item = {"type": "message", "id": "msg_1", "status": "in_progress", "role": "assistant", "content": []}
    events: list[Json] = [
        {"type": "response.created", "response": stored.body},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
    ]
    await service.database.responses.append_events(stored.id, 0, events)
    clock(200.0)
    with structlog.testing.capture_logs() as logs:
        await keeper(service, "other").keep_leases()
        await keeper(service, "third").keep_leases()  # and only once
    assert [each["response_id"] for each in logs] == ["resp_1"]
    failed = await service.database.responses.get("", "resp_1")
    assert failed is not None
    assert failed.body["error"]["code"] == "server_error"
    assert [each["status"] for each in failed.body["output"]] == ["incomplete"]
    logged = await service.database.responses.events("", "resp_1")
    assert logged[-1]["item"] == failed.body["output"][0]
    assert not await service.database.responses.finish(replace(stored, status="completed"))  # too late


async def test_one_that_cannot_be_ended_does_not_keep_the_others_from_it(
    service: Service, clock: Callable[[float], None]
) -> None:
    await started(service)
    await started(service, "resp_2")
    await service.database.responses.append_events("resp_1", 0, [{"no": "event"}])
    clock(200.0)
    with structlog.testing.capture_logs() as logs:
        await keeper(service, "other").keep_leases()
    assert ("lost response could not be ended", "resp_1") in [(each["event"], each["response_id"]) for each in logs]
    assert [await status(service, each) for each in ("resp_1", "resp_2")] == ["in_progress", "failed"]


async def test_orders_of_other_servers_are_taken(service: Service) -> None:
    runs: dict[str, Any] = {"resp_1": Ended(), "resp_2": Ended(), "resp_3": Ended()}
    for response_id in runs:
        await started(service, response_id)
    await started(service, "resp_4", owner="other")
    await service.database.responses.request_cancel("", "resp_1")
    await service.database.responses.delete("", "resp_2")
    await service.database.responses.request_cancel("", "resp_4")
    await keeper(service, **runs).take_orders()
    assert [run.is_ended for run in runs.values()] == [True, True, False]


async def test_what_is_too_old_is_erased(service: Service, clock: Callable[[float], None]) -> None:
    stored = await started(service)
    await service.database.responses.finish(replace(stored, status="completed"))
    await keeper(service).purge()
    assert await status(service) == "completed"
    clock(501.0)
    await keeper(service).purge()
    assert await status(service) is None


async def test_a_database_that_is_away_for_a_while_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    async def work() -> None:
        calls.append(1)
        if len(calls) < 3:
            raise OSError("away")

    with structlog.testing.capture_logs() as logs:
        task = asyncio.create_task(repeated(0, work))
        while len(calls) < 5:
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert len(logs) == 2


async def test_it_ends_when_it_is_told_and_before_it_began(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Any] = []

    async def look(self: Upkeep) -> None:
        looks.append(self)

    monkeypatch.setattr(upkeep, "ORDERS_SECONDS", 0)
    monkeypatch.setattr(Upkeep, "take_orders", look)
    one = keeper(service)
    await one.aclose()
    one.open()
    await one.aclose()
    one.open()
    while len(looks) < 3:
        await asyncio.sleep(0)
    await one.aclose()
    num_looks = len(looks)
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(looks) == num_looks
