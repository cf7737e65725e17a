"""Background responses over real sockets: made, watched, resumed, cancelled and lost, in one server and in two."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from openai import AsyncOpenAI

from ossian.engine.scripted import ScriptedEngine
from ossian.errors import NotFoundError
from ossian.server.responses import background
from ossian.server.service import Service
from ossian.settings import ResponsesSettings
from ossian.storage.database import Database
from ossian.storage.records import StoredResponse
from tests.server.responses.asking import Json, delete, error, get, post, respond, stream, text_of
from tests.server.serving import ANSWER, MODEL, GatedEngine, Served, scripted, serving, turn_ids, until
from tests.specs.validators import check_response, check_stream, read_stream

pytestmark = pytest.mark.slow

UNENDING = f"<|channel|>final<|message|>{'word ' * 20_000}"


def gated(turn: str = ANSWER) -> GatedEngine:
    return GatedEngine(turn_ids(turn))


def started(served: Served, **fields: Any) -> Json:
    body = respond(served, background=True, **fields)
    assert (body["background"], body["output"]) == (True, [])
    return body


def ended(served: Served, response_id: str) -> Json:
    """The response once it has ended."""
    until(lambda: get(served, response_id)["status"] not in ("queued", "in_progress"))
    body = get(served, response_id)
    check_response(body)
    return body


def status(served: Served, response_id: str) -> str:
    return str(get(served, response_id)["status"])


def cancel(served: Served, response_id: str) -> Json:
    answer = served.post(f"/v1/responses/{response_id}/cancel")
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    check_response(body)
    return body


def streamed_again(served: Served, response_id: str, starting_after: int | None = None) -> list[Json]:
    query = "" if starting_after is None else f"&starting_after={starting_after}"
    return read_stream(served.get(f"/v1/responses/{response_id}?stream=true{query}").text)


def test_it_is_made_while_nobody_waits() -> None:
    engine = gated()
    with serving(engine) as served:
        body = started(served)
        assert body["status"] == "queued"
        until(lambda: status(served, body["id"]) == "in_progress")
        engine.gate.set()
        done = ended(served, body["id"])
    assert (done["status"], text_of(done)) == ("completed", "It is 4.")
    assert {name: done[name] for name in ("id", "created_at", "model")} == {
        name: body[name] for name in ("id", "created_at", "model")
    }


def test_it_can_be_continued_when_it_has_ended() -> None:
    engine = gated()
    with serving(engine) as served:
        first = started(served)["id"]
        told = error(post(served, previous_response_id=first), 400)
        assert told["code"] == "previous_response_unfinished"
        engine.gate.set()
        ended(served, first)
        second = started(served, previous_response_id=first)["id"]
        assert ended(served, second)["previous_response_id"] == first


def test_a_conversation_gets_its_items_when_it_ends() -> None:
    engine = gated()
    with serving(engine) as served:
        conversation = served.post("/v1/conversations", json={}).json()["id"]
        body = started(served, conversation=conversation)
        assert served.get(f"/v1/conversations/{conversation}/items").json()["data"] == []
        engine.gate.set()
        done = ended(served, body["id"])
        items = served.get(f"/v1/conversations/{conversation}/items?order=asc").json()["data"]
    assert items[1:] == done["output"]


def test_it_must_be_stored(server: Served) -> None:
    told = error(post(server, background=True, store=False), 400)
    assert told["param"] == "store"


def test_a_request_that_cannot_be_served_is_refused_at_once(server: Served) -> None:
    error(post(server, background=True, previous_response_id="resp_none"), 400)
    error(post(server, background=True, model="gpt-9"), 404)


def test_its_stream_begins_in_the_queue(server: Served) -> None:
    events = stream(server, background=True)
    assert [event["type"] for event in events[:3]] == ["response.created", "response.queued", "response.in_progress"]
    assert events[0]["response"]["status"] == "queued"
    assert get(server, events[0]["response"]["id"]) == events[-1]["response"]


@pytest.mark.parametrize("dialect", ["openai", "open-responses", "summary"])
def test_a_stream_can_be_read_again_from_any_event(server: Served, dialect: Any) -> None:
    headers = {"x-ossian-reasoning-events": dialect}
    events = stream(server, dialect, headers, background=True)
    response_id = events[0]["response"]["id"]

    def again(query: str) -> list[Json]:
        return read_stream(server.get(f"/v1/responses/{response_id}?stream=true{query}", headers=headers).text)

    assert again("") == events
    for number in (0, 1, 5, len(events) - 2):
        assert again(f"&starting_after={number}") == events[number + 1 :]
    assert again(f"&starting_after={len(events) - 1}") == []


def test_a_client_that_lost_its_stream_goes_on_with_another() -> None:
    engine = ScriptedEngine(turn_ids(ANSWER), delay=0.03)
    body = {"model": MODEL, "input": "2+2?", "background": True, "stream": True}
    with serving(engine) as served:
        seen: list[str] = []
        with served.http() as client, client.stream("POST", "/v1/responses", json=body) as answer:
            for line in answer.iter_lines():
                seen.append(line)
                if sum(each.startswith("data: ") for each in seen) == 8:
                    break
        before = read_stream("\n".join(seen) + "\n\ndata: [DONE]\n\n")
        rest = streamed_again(served, before[0]["response"]["id"], before[-1]["sequence_number"])
        assert engine.num_running == 0
    check_stream([*before, *rest])
    assert text_of(rest[-1]["response"]) == "It is 4."


def test_a_response_that_nobody_streams_keeps_no_events() -> None:
    engine = gated()
    with serving(engine) as served:
        response_id = started(served)["id"]
        told = error(served.get(f"/v1/responses/{response_id}?stream=true"), 400)
        assert told["code"] == "response_not_streamable"
        engine.gate.set()
        ended(served, response_id)
        error(served.get(f"/v1/responses/{response_id}?stream=true"), 400)


def test_a_cancelled_one_stops_the_engine() -> None:
    engine = gated()
    with serving(engine) as served:
        response_id = started(served)["id"]
        until(lambda: engine.num_running == 1)
        body = cancel(served, response_id)
        assert (body["status"], body["output"], body["usage"]) == ("cancelled", [], None)
        assert engine.num_running == 0
        assert cancel(served, response_id) == body  # again, and nothing changes
        assert get(served, response_id) == body


def test_what_a_cancelled_one_has_said_stays() -> None:
    engine = ScriptedEngine(turn_ids(UNENDING), delay=0.001)
    with serving(engine) as served:
        answer: list[Json] = []
        with ExitStack() as stack:
            client = stack.enter_context(served.http())
            body = {"model": MODEL, "input": "Go.", "background": True, "stream": True}
            lines = stack.enter_context(client.stream("POST", "/v1/responses", json=body)).iter_lines()
            text = ""
            for line in lines:
                text += line + "\n"
                if '"response.output_text.delta"' in line and not answer:
                    answer.append(cancel(served, "resp_" + f"{2:032x}"))
        events = read_stream(text)
    done = check_stream(events)
    assert done == answer[0]
    assert (done["status"], done["output"][0]["status"]) == ("cancelled", "incomplete")
    assert text_of(done).startswith("word word")
    assert events[-1]["type"] == "response.incomplete"


def test_one_that_has_ended_stays_as_it_is(server: Served) -> None:
    body = ended(server, started(server)["id"])
    assert cancel(server, body["id"]) == body


def test_one_that_waits_is_cancelled_before_it_begins() -> None:
    engine = gated()
    with serving(engine, sections={"responses": {"max_background_running": 1}}) as served:
        first, second = started(served)["id"], started(served, stream=None)["id"]
        until(lambda: status(served, first) == "in_progress")
        assert status(served, second) == "queued"
        assert cancel(served, second)["status"] == "cancelled"
        engine.gate.set()
        assert ended(served, first)["status"] == "completed"
    assert len(engine.requests) == 1


def test_the_queue_is_in_order_and_in_the_metrics() -> None:
    engine = gated()
    with serving(engine, sections={"responses": {"max_background_running": 1}}) as served:
        ids = [started(served, input=text)["id"] for text in "abc"]
        until(lambda: status(served, ids[0]) == "in_progress")
        shown = served.get("/metrics").text
        engine.gate.set()
        for response_id in ids:
            ended(served, response_id)
        after = served.get("/metrics").text
    assert 'ossian_background_responses{status="queued"} 2.0' in shown
    assert 'ossian_background_responses{status="in_progress"} 1.0' in shown
    assert 'ossian_responses_total{model="ossian-nano",status="completed"} 3.0' in after
    assert [request.request_id.removesuffix("-0") for request in engine.requests] == ids


def test_more_than_the_limit_are_refused_with_the_number() -> None:
    engine = gated()
    with serving(engine, sections={"responses": {"max_background": 2}}) as served:
        ids = [started(served)["id"] for _ in range(2)]
        answer = post(served, background=True)
        told = error(answer, 429)
        assert (told["code"], told["type"], told["param"]) == ("rate_limit_exceeded", "rate_limit_error", "background")
        assert "2 background responses" in told["message"]
        assert answer.headers["retry-after"]
        engine.gate.set()
        for response_id in ids:
            ended(served, response_id)
        started(served)


def key_of(name: str) -> Json:
    return {"authorization": f"Bearer {name}-key"}


def test_one_project_leaves_room_for_others() -> None:
    engine = gated()
    sections = {"responses": {"max_background_per_project": 2, "max_background": 3}}
    with serving(engine, api_keys=["ada-key", "bob-key"], sections=sections) as served:
        statuses = [post(served, key_of("ada"), background=True).status_code for _ in range(2)]
        told = error(post(served, key_of("ada"), background=True), 429)
        statuses.append(post(served, key_of("bob"), background=True).status_code)
        engine.gate.set()
    assert statuses == [200, 200, 200]
    assert told["message"].startswith("Your project has 2 background responses already")


def test_projects_take_turns() -> None:
    engine = gated()
    with serving(
        engine, api_keys=["ada-key", "bob-key"], sections={"responses": {"max_background_running": 1}}
    ) as served:
        answers = [
            (name, post(served, key_of(name), background=True).json()["id"]) for name in ("ada", "ada", "ada", "bob")
        ]
        engine.gate.set()
        until(lambda: len(engine.requests) == len(answers))
    names = {response_id: name for name, response_id in answers}
    ran = [names[request.request_id.removesuffix("-0")] for request in engine.requests]
    assert ran == ["ada", "ada", "bob", "ada"]


def test_an_engine_that_is_full_is_waited_for() -> None:
    engine = GatedEngine(turn_ids(ANSWER), max_num_seqs=1)
    with serving(engine) as served:
        first = started(served)["id"]
        until(lambda: engine.num_running == 1)
        second = started(served)["id"]
        engine.gate.set()
        assert {ended(served, each)["status"] for each in (first, second)} == {"completed"}


@pytest.mark.parametrize("is_streamed", [False, True])
def test_an_engine_that_fails_makes_it_fail(is_streamed: bool) -> None:
    with serving(scripted(fail_after=12)) as served:
        streamed = stream(served, background=True)[-1]["response"] if is_streamed else None
        body = streamed or ended(served, started(served)["id"])
        assert (body["status"], body["error"]["code"]) == ("failed", "server_error")
        assert body["output"][0]["type"] == "reasoning"
        assert get(served, body["id"]) == body


def test_a_deleted_one_stops_the_engine_and_is_gone() -> None:
    engine = gated()
    with serving(engine) as served:
        response_id = started(served)["id"]
        until(lambda: engine.num_running == 1)
        assert delete(served, response_id).json()["deleted"] is True
        error(served.get(f"/v1/responses/{response_id}"), 404)
        until(lambda: engine.num_running == 0)
        error(served.get(f"/v1/responses/{response_id}"), 404)
        error(served.post(f"/v1/responses/{response_id}/cancel"), 404)


def test_the_stream_of_a_deleted_one_ends_with_an_error() -> None:
    engine = gated()
    body = {"model": MODEL, "input": "2+2?", "background": True, "stream": True}
    with serving(engine) as served, served.http() as client:
        with client.stream("POST", "/v1/responses", json=body) as answer:
            text = ""
            for line in answer.iter_lines():
                text += line + "\n"
                if line == "event: response.in_progress":
                    delete(served, "resp_" + f"{2:032x}")
        last = read_stream(text)[-1]
        until(lambda: engine.num_running == 0)
    assert (last["type"], last["code"]) == ("error", "response_not_found")


def test_the_prompt_and_the_turn_are_shown_when_it_has_ended() -> None:
    with serving(scripted(), debug_view=True) as served:
        body = respond(served, headers={"x-ossian-debug": "1"}, background=True)
        debug = ended(served, body["id"])["ossian"]["debug"]
    assert debug["completion"] == ANSWER


def test_the_sdk_polls(server: Served) -> None:
    client = server.client
    response = client.responses.create(model=MODEL, input="2+2?", background=True)
    while response.status in ("queued", "in_progress"):
        sleep(0.01)
        response = client.responses.retrieve(response.id)
    assert response.output_text == "It is 4."
    assert client.responses.cancel(response.id).status == "completed"


async def test_the_sdk_resumes_a_stream(server: Served) -> None:
    async with AsyncOpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client:
        created = await client.responses.create(model=MODEL, input="2+2?", background=True, stream=True)
        first = await anext(aiter(created))
        assert first.type == "response.created"
        await created.close()
        number = first.sequence_number
        async for event in await client.responses.retrieve(first.response.id, stream=True, starting_after=number):
            assert event.sequence_number == number + 1
            number = event.sequence_number
        assert event.type == "response.completed"
        assert event.response.output_text == "It is 4."


# Two servers, one database: SQLite's file, or PostgreSQL.


@dataclass
class Pair:
    """Two servers on one database; `first` makes what is asked of it while its engine's gate is closed."""

    first: Served
    second: Served
    engine: GatedEngine = field(default_factory=gated)


@pytest.fixture
def pair(database_url: str) -> Iterator[Pair]:
    engine = gated()
    sections: Json = {"database_url": database_url}
    with serving(engine, sections=sections) as first, serving(scripted(), sections=sections, first_id=10**6) as second:
        yield Pair(first, second, engine)
        engine.gate.set()


def test_another_server_sees_what_goes_on(pair: Pair) -> None:
    body = {"model": MODEL, "input": "2+2?", "background": True, "stream": True}
    response_id = "resp_" + f"{2:032x}"
    with pair.first.http() as client, client.stream("POST", "/v1/responses", json=body):
        until(lambda: pair.second.get(f"/v1/responses/{response_id}").status_code == 200)
        assert status(pair.second, response_id) in ("queued", "in_progress")
        pair.engine.gate.set()
        events = streamed_again(pair.second, response_id)
    assert check_stream(events) == get(pair.first, response_id)


def test_another_server_can_cancel_it(pair: Pair) -> None:
    response_id = started(pair.first)["id"]
    until(lambda: pair.engine.num_running == 1)
    assert cancel(pair.second, response_id)["status"] == "cancelled"
    assert status(pair.first, response_id) == "cancelled"
    until(lambda: pair.engine.num_running == 0)


def test_another_server_can_delete_it(pair: Pair) -> None:
    response_id = started(pair.first)["id"]
    until(lambda: pair.engine.num_running == 1)
    delete(pair.second, response_id)
    error(pair.first.get(f"/v1/responses/{response_id}"), 404)
    until(lambda: pair.engine.num_running == 0)


def test_another_server_continues_it(pair: Pair) -> None:
    body = respond(pair.second, input="a")
    pair.engine.gate.set()
    assert respond(pair.first, input="b", previous_response_id=body["id"])["previous_response_id"] == body["id"]


# Servers that end.


def test_after_a_restart_everything_is_there(database_url: str) -> None:
    sections: Json = {"database_url": database_url}
    with serving(scripted(), sections=sections) as served:
        events = stream(served, background=True)
        body = respond(served, previous_response_id=events[-1]["response"]["id"])
    with serving(scripted(), sections=sections, first_id=10**6) as served:
        assert get(served, body["id"]) == body
        assert streamed_again(served, events[0]["response"]["id"]) == events
        assert streamed_again(served, events[0]["response"]["id"], 7) == events[8:]
        respond(served, previous_response_id=body["id"])


def test_a_server_that_stops_says_so(database_url: str) -> None:
    sections: Json = {"database_url": database_url}
    engine = gated()
    with serving(engine, sections={**sections, "responses": {"max_background_running": 1}}) as served:
        ids = [started(served)["id"] for _ in range(2)]
        until(lambda: engine.num_running == 1)
    assert engine.num_running == 0
    with serving(scripted(), sections=sections, first_id=10**6) as served:
        bodies = [get(served, response_id) for response_id in ids]
    for body in bodies:
        check_response(body)
        assert body["status"] == "failed"
        assert body["error"]["message"].startswith("The server was stopped")


async def leave_behind(path: Path, body: Json, events: list[Json], lease_expires_at: float) -> None:
    """What a server that was killed leaves in its database."""
    database = await Database.open(f"sqlite:///{path / 'ossian.sqlite3'}")
    stored = StoredResponse(body["id"], "", body["status"], body, [], body["created_at"], is_background=True)
    await database.responses.start(stored, "dead", lease_expires_at)
    await database.responses.append_events(body["id"], 0, events)
    await database.close()


def test_what_a_dead_server_made_has_failed(tmp_path: Path) -> None:
    with serving(scripted()) as served:
        whole = [
            {name: value for name, value in event.items() if name != "sequence_number"}
            for event in stream(served, background=True)
        ]
    body = {**whole[2]["response"]}
    for num_events in (2, 4, 8, len(whole) - 3):
        folder = tmp_path / str(num_events)
        asyncio.run(leave_behind(folder, body, whole[:num_events], lease_expires_at=1.0))
        with serving(scripted(), sections={"data_dir": folder}, first_id=10**6) as served:
            failed = ended(served, body["id"])
            events = streamed_again(served, body["id"])
            assert check_stream(events) == failed
        assert (failed["status"], failed["error"]["code"]) == ("failed", "server_error")
        assert failed["error"]["message"].startswith("The server that made this response was stopped")


def test_a_lease_that_holds_is_left_alone(tmp_path: Path) -> None:
    with serving(scripted()) as served:
        body = stream(served, background=True)[2]["response"]
    asyncio.run(leave_behind(tmp_path, body, [], lease_expires_at=1e12))
    with serving(scripted(), sections={"data_dir": tmp_path}, first_id=10**6) as served:
        respond(served)
        assert status(served, body["id"]) == "in_progress"


async def test_one_that_is_deleted_while_it_is_cancelled_is_not_there(service: Service) -> None:
    store = service.database.responses
    runs = background.BackgroundRuns(store, ResponsesSettings(), "mine", lambda: 1.0)
    queued = StoredResponse("resp_1", "", "queued", {"id": "resp_1", "output": []}, [], 1, is_background=True)
    await store.start(queued, "mine", 1e12)
    await store.delete("", "resp_1")
    with pytest.raises(NotFoundError) as raised:
        await runs.cancel(queued)
    assert raised.value.code == "response_not_found"


async def test_a_database_that_answers_no_more_does_not_keep_the_server(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "END_SECONDS", 0.01)
    runs = background.BackgroundRuns(service.database.responses, ResponsesSettings(), "mine", lambda: 1.0)
    waiting = asyncio.create_task(asyncio.Event().wait())
    runs._working.add(waiting)  # type: ignore[arg-type]
    await runs.aclose()
    assert waiting.cancelled()
