"""One background run, with a database that does what a test wants."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import structlog

from ossian.accounts.fairness import FairQueue
from ossian.api.responses.schema import ResponseRequest
from ossian.errors import EngineError
from ossian.server.responses import background_run
from ossian.server.responses.background_run import BackgroundRun
from ossian.server.responses.run import ResponseRun
from ossian.server.responses.turn import prepare
from ossian.server.service import Service
from ossian.storage.records import StoredResponse
from tests.server.responses.asking import Json
from tests.server.responses.services import caller, working_service
from tests.server.serving import ANSWER, MODEL, GatedEngine, turn_ids


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background_run, "RETRY_SECONDS", 0.001)
    monkeypatch.setattr(background_run, "BATCH_SECONDS", 0.001)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    """A service whose engine waits for its gate."""
    async with working_service(GatedEngine(turn_ids(ANSWER))) as made:
        yield made


def engine_of(service: Service) -> GatedEngine:
    (engine,) = service.parts.engines.values()
    assert isinstance(engine, GatedEngine)
    return engine


async def started(service: Service, *, is_streamed: bool = True, num_slots: int = 1) -> BackgroundRun:
    request = ResponseRequest(model=MODEL, input="2+2?", background=True)
    run = ResponseRun(service, await prepare(service, caller(service), request))
    slots = FairQueue(num_slots, 1)
    background = BackgroundRun(run, service.database.responses, slots, is_streamed=is_streamed)
    stored = await background.start("server", 9e12)
    assert stored.status == "queued"
    return background


async def stored(service: Service, run: BackgroundRun) -> StoredResponse:
    found = await service.database.responses.get("", run.id)
    assert found is not None
    return found


async def logged(service: Service, run: BackgroundRun) -> list[Json]:
    return await service.database.responses.events("", run.id)


async def test_it_is_queued_then_in_progress_then_done(service: Service) -> None:
    run = await started(service)
    assert [event["type"] for event in await logged(service, run)] == ["response.created", "response.queued"]
    work = asyncio.create_task(run.work())
    while (await stored(service, run)).status == "queued":
        await asyncio.sleep(0)
    assert run.is_running
    assert (await stored(service, run)).body["status"] == "in_progress"
    engine_of(service).gate.set()
    await work
    done = await stored(service, run)
    assert (done.status, done.is_background) == ("completed", True)
    items = [event["item"] for event in await logged(service, run) if event["type"] == "response.output_item.done"]
    assert items == done.body["output"]


async def test_the_log_is_whole_when_the_response_is_stored(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    engine_of(service).gate.set()
    run = await started(service)
    store = service.database.responses
    finish = store.finish
    seen: list[str] = []

    async def look_first(response: StoredResponse, **conversation: Any) -> bool:
        seen.extend(event["type"] for event in await logged(service, run))
        return await finish(response, **conversation)

    monkeypatch.setattr(store, "finish", look_first)
    await run.work()
    assert seen[-1] == "response.output_item.done"
    assert [event["type"] for event in await logged(service, run)] == seen  # the terminal one follows from the response


async def test_who_waits_for_news_is_told(service: Service) -> None:
    run = await started(service)
    num_news = 0

    async def count() -> None:
        nonlocal num_news
        while True:
            await run.news.wait()
            num_news += 1

    counting = asyncio.create_task(count())
    engine_of(service).gate.set()
    await run.work()
    await asyncio.sleep(0)
    counting.cancel()
    await asyncio.gather(counting, return_exceptions=True)
    assert num_news >= 2


async def test_a_run_without_a_stream_keeps_no_log(service: Service) -> None:
    engine_of(service).gate.set()
    run = await started(service, is_streamed=False)
    await run.work()
    assert await logged(service, run) == []
    assert (await stored(service, run)).status == "completed"


@pytest.mark.parametrize("num_slots", [0, 1])
async def test_it_can_end_at_any_moment(service: Service, num_slots: int) -> None:
    run = await started(service, num_slots=num_slots)
    run.end()  # before its work began
    await run.work()
    assert (await stored(service, run)).status == "cancelled"
    run.end()  # and again, when it is over
    assert (await stored(service, run)).status == "cancelled"
    assert engine_of(service).num_running == 0


async def test_a_log_that_cannot_be_written_makes_it_fail(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    run = await started(service)
    store = service.database.responses
    append = store.append_events
    faults = [OSError("disk full")]

    async def fail_once(*arguments: Any) -> bool:
        if faults:
            raise faults.pop()
        return await append(*arguments)

    monkeypatch.setattr(store, "append_events", fail_once)
    engine_of(service).gate.set()
    await run.work()
    done = await stored(service, run)
    assert (done.status, done.body["error"]["code"]) == ("failed", "server_error")
    assert "disk full" not in done.body["error"]["message"]


async def test_a_database_that_does_not_let_it_begin_makes_it_fail(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await started(service)

    async def fail(_response: StoredResponse) -> bool:
        raise OSError("disk full")

    monkeypatch.setattr(service.database.responses, "begin", fail)
    with structlog.testing.capture_logs() as logs:
        await run.work()
    assert (await stored(service, run)).status == "failed"
    assert [each["event"] for each in logs] == ["response failed"]


async def test_what_came_out_waits_for_a_database_that_is_away(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await started(service)
    store = service.database.responses
    finish = store.finish
    faults = [OSError("away")] * 3

    async def fail_first(response: StoredResponse, **conversation: Any) -> bool:
        if faults:
            raise faults.pop()
        return await finish(response, **conversation)

    monkeypatch.setattr(store, "finish", fail_first)
    engine_of(service).gate.set()
    with structlog.testing.capture_logs() as logs:
        await run.work()
    assert (await stored(service, run)).status == "completed"
    assert [each["event"] for each in logs] == ["background response could not be stored"] * 3


async def test_a_process_that_ends_does_not_wait_for_a_database(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await started(service)

    async def fail(*_arguments: Any, **_conversation: Any) -> bool:
        raise OSError("away")

    monkeypatch.setattr(service.database.responses, "finish", fail)
    run.abandon(EngineError("The server was stopped."))
    await run.work()
    assert (await stored(service, run)).status == "queued"  # its lease will end


async def test_a_run_that_another_server_has_ended_stops(service: Service) -> None:
    run = await started(service)
    work = asyncio.create_task(run.work())
    while not engine_of(service).num_running:
        await asyncio.sleep(0)
    lost = await stored(service, run)
    body = lost.body | {"status": "failed"}
    await service.database.responses.finish(
        StoredResponse(lost.id, "", "failed", body, [], lost.created_at, is_background=True)
    )
    engine_of(service).gate.set()
    await work
    assert (await stored(service, run)).body == body
