"""How runs end: in every way, streamed and whole, and what is on disk by then."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ossian.api.responses.schema import ResponseRequest
from ossian.engine.scripted import ScriptedEngine
from ossian.server.responses.run import ResponseRun, is_terminal
from ossian.server.responses.turn import prepare
from ossian.server.service import Service
from tests.server.responses.asking import Json, error, get, post, respond, stream, text_of
from tests.server.responses.services import caller
from tests.server.serving import (
    ANSWER,
    DATABASE,
    MODEL,
    GatedEngine,
    scripted,
    serving,
    turn_ids,
    until,
)
from tests.specs.validators import check_stream, read_stream

UNENDING = f"<|channel|>final<|message|>{'word ' * 20_000}"


# Over a socket.


def test_an_engine_that_fails_in_mid_stream_ends_it_as_failed_and_stored() -> None:
    with serving(scripted(fail_after=16)) as served:
        answer = post(served, stream=True)
        assert answer.status_code == 200
        events = read_stream(answer.text)  # which ends with [DONE]
        body = check_stream(events)
        assert (events[-1]["type"], body["status"]) == ("response.failed", "failed")
        assert body["error"] == {"code": "server_error", "message": "the scripted engine failed"}
        assert [item["status"] for item in body["output"]] == ["completed", "incomplete"]
        assert get(served, body["id"]) == body
        until(lambda: 'route="/v1/responses",status="500"' in served.get("/metrics").text)
        assert 'ossian_responses_total{model="ossian-nano",status="failed"} 1.0' in served.get("/metrics").text


def test_an_engine_that_fails_makes_a_whole_answer_an_error() -> None:
    with serving(scripted(fail_after=12)) as served:
        told = error(post(served), 500)
        assert (told["type"], told["message"]) == ("server_error", "the scripted engine failed")
        error(post(served), 503)  # it is dead now


@pytest.mark.parametrize("fields", [{}, {"stream": True}], ids=["whole", "stream"])
def test_an_engine_that_is_full_refuses_before_anything_is_sent(fields: Json) -> None:
    with serving(scripted(max_num_seqs=0)) as served:
        answer = post(served, **fields)
        assert error(answer, 503)["code"] == "engine_overloaded"
        assert answer.headers["retry-after"]
        assert num_stored(served.parts.settings.data_dir) == 0


def num_stored(folder: Path) -> int:
    with sqlite3.connect(folder / DATABASE) as database:
        return int(database.execute("SELECT count(*) FROM responses").fetchone()[0])


@pytest.mark.parametrize("is_stream", [False, True])
def test_what_is_not_to_be_stored_is_nowhere_on_disk(is_stream: bool) -> None:
    with serving(scripted()) as served:
        (stream if is_stream else respond)(served, input="kept question")
        (stream if is_stream else respond)(served, input="secret question", store=False)
        error(post(served, input="secret question", store=False, previous_response_id="resp_none"), 400)
        written = b"".join(path.read_bytes() for path in served.parts.settings.data_dir.iterdir())
        assert num_stored(served.parts.settings.data_dir) == 1
    assert b"kept question" in written
    assert b"secret question" not in written


def test_a_client_that_leaves_stops_the_engine_and_nothing_is_kept() -> None:
    engine = ScriptedEngine(turn_ids(UNENDING), delay=0.001)
    with serving(engine) as served:
        with served.http() as client:
            body = {"model": MODEL, "input": "Go.", "stream": True}
            with client.stream("POST", "/v1/responses", json=body) as answer:
                for line in answer.iter_lines():
                    if "output_text.delta" in line:
                        break
        until(lambda: engine.num_running == 0)
        until(lambda: 'status="499"' in served.get("/metrics").text)
        assert num_stored(served.parts.settings.data_dir) == 0


def test_silence_is_broken_by_comments() -> None:
    engine = GatedEngine(turn_ids(ANSWER))
    with serving(engine, keep_alive_seconds=0.02) as served, served.http() as client:
        body = {"model": MODEL, "input": "2+2?", "stream": True}
        with client.stream("POST", "/v1/responses", json=body) as answer:
            text = ""
            for line in answer.iter_lines():
                text += line + "\n"
                if text.count(": keep-alive") == 3:
                    engine.gate.set()
    assert text_of(check_stream(read_stream(text))) == "It is 4."


@pytest.mark.parametrize("is_stream", [False, True])
def test_a_response_that_cannot_be_stored_is_never_called_completed(is_stream: bool) -> None:
    with serving(scripted()) as served:
        with sqlite3.connect(served.parts.settings.data_dir / DATABASE) as database:
            database.execute("ALTER TABLE response_items RENAME TO lost")
        if is_stream:
            body = stream(served)[-1]["response"]
            assert body["status"] == "failed"
            assert "could not store it" in body["error"]["message"]
        else:
            assert error(post(served), 503)["code"] == "database_unavailable"
        assert respond(served, store=False)["status"] == "completed"


# Inside.


async def started(service: Service, **fields: Any) -> ResponseRun:
    request = ResponseRequest.model_validate({"model": MODEL, "input": "2+2?", **fields})
    return ResponseRun(service, await prepare(service, caller(service), request))


async def test_the_last_event_is_told_when_the_response_is_on_disk(service: Service) -> None:
    run = await started(service)
    async for event in run.events():
        stored = await service.database.responses.get("", run.response["id"])
        assert (stored is not None) == is_terminal(event)
        if stored is not None:
            assert stored.body == event["response"]
    await run.aclose()


async def test_a_run_that_is_left_alone_is_as_if_it_had_not_been(service: Service) -> None:
    run = await started(service)
    await run.admit()
    events = run.events()
    await anext(events)
    await events.aclose()
    await run.aclose()
    assert await service.database.responses.get("", run.response["id"]) is None


async def test_a_response_expires(service: Service) -> None:
    run = await started(service)
    record = run.record(run.response)
    days = service.parts.settings.responses.retention_days
    assert record.expires_at == record.created_at + days * 24 * 3600
    async for _ in run.events():
        pass
    assert await service.database.responses.purge(record.expires_at + 1) == 1


async def test_what_is_continued_from_memory_is_stored_with_what_continues_it(service: Service) -> None:
    """As on a WebSocket, whose responses with `store: false` are in no database."""
    first = await started(service, store=False)
    async for _ in first.events():
        pass
    known = {first.response["id"]: [*first.prepared.context_items, *first.response["output"]]}
    request = ResponseRequest.model_validate(
        {"model": MODEL, "input": "And 3+3?", "previous_response_id": first.response["id"]}
    )
    second = ResponseRun(service, await prepare(service, first.prepared.caller, request, known.get))
    async for event in second.events():
        last = event
    assert last["response"]["previous_response_id"] == first.response["id"]
    context = await service.database.responses.context("", last["response"]["id"])
    assert context == [*second.prepared.context_items, *last["response"]["output"]]
    assert [item["type"] for item in context] == ["message", "reasoning", "message"] * 2
