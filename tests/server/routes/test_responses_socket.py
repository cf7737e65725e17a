"""Responses over a real WebSocket: every event is held to both specifications."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, ConnectionClosedOK
from websockets.sync.client import connect

from ossian.api.responses.dialects import DIALECTS, Dialect
from ossian.api.responses.schema import ResponseRequest
from ossian.engine.scripted import SCRIPTED_INFO, ScriptedEngine
from ossian.server.responses.waiting_messages import MAX_NUM_WAITING
from tests.repository import ROOT
from tests.server.serving import ANSWER, CALL, MODEL, GatedEngine, Served, in_turn, scripted, serving, turn_ids, until
from tests.server.sockets import Json, Socket, error_of, socket_to
from tests.specs.schemas import check
from tests.specs.validators import check_stream

WEATHER = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
SHORT = {"responses": {"websocket_minutes": 0.0001}}


@pytest.fixture
def socket(server: Served) -> Iterator[Socket]:
    with socket_to(server) as opened:
        yield opened


def error(socket: Socket, **fields: object) -> tuple[int, str | None, str | None]:
    """Status, code and param of the error that a message gets."""
    event = socket.error(**fields)
    check(event, "openai", "ResponseWsError")
    return event["status"], event["error"]["code"], event["error"]["param"]


def text_of(response: Json) -> str:
    return "".join(part["text"] for item in response["output"] if item["type"] == "message" for part in item["content"])


# --- The stream -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_event_is_what_the_specifications_say(server: Served, dialect: Dialect) -> None:
    with socket_to(server, **{"x-ossian-reasoning-events": dialect}) as socket:
        for fields in ({}, {"store": False, "include": ["reasoning.encrypted_content"]}, {"stream": True}):
            response = check_stream(socket.ask(**fields), dialect)
            assert response["status"] == "completed"
            assert text_of(response) == "It is 4."


def test_open_responses_own_header_chooses_its_dialect(server: Served) -> None:
    with socket_to(server, **{"OpenResponses-Version": "2026-04-24"}) as socket:
        events = socket.ask()
    check_stream(events, "open-responses")
    assert "response.reasoning.delta" in [event["type"] for event in events]


def test_the_events_are_those_of_http(server: Served, socket: Socket) -> None:
    with server.http() as client:
        text = client.post("/v1/responses", json={"model": MODEL, "input": "2+2?", "stream": True}).text
    over_http = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]
    over_socket = socket.ask()
    assert [shape(event) for event in over_socket] == [shape(event) for event in over_http]


def shape(event: Json) -> tuple[str, int, str | None]:
    return event["type"], event["sequence_number"], event.get("delta")


def test_a_tool_loop() -> None:
    with serving(ScriptedEngine(in_turn(CALL, ANSWER))) as own, socket_to(own) as socket:
        events = socket.ask(tools=[WEATHER], store=False)
        called = check_stream(events)
        call = called["output"][-1]
        assert (call["type"], call["name"], json.loads(call["arguments"])) == (
            "function_call",
            "get_weather",
            {"city": "Paris"},
        )
        result = {"type": "function_call_output", "call_id": call["call_id"], "output": "rain"}
        answered = check_stream(
            socket.ask(tools=[WEATHER], store=False, previous_response_id=called["id"], input=[result])
        )
        assert text_of(answered) == "It is 4."
        prompt = prompt_of(own)
    assert "Look it up." in prompt, "the reasoning before the call is shown to the model again"
    assert "rain" in prompt


def test_a_message_may_come_as_bytes(socket: Socket) -> None:
    socket.connection.send(json.dumps({"type": "response.create", "model": MODEL, "input": "Hi"}).encode())
    check_stream(socket.events())


@pytest.mark.parametrize(
    "name", ["codex_0.169.0_first_request.json", "codex_0.169.0_second_request_after_tool_call.json"]
)
def test_what_codex_sends(socket: Socket, name: str) -> None:
    body = json.loads((ROOT / "tests" / "fixtures" / name).read_text(encoding="utf-8"))
    response = check_stream(socket.ask(**{**body, "model": MODEL}))
    assert text_of(response) == "It is 4."


def test_codex_says_that_it_has_read_a_response_and_gets_no_answer(socket: Socket) -> None:
    first = check_stream(socket.ask(input="Hi", store=False))
    socket.connection.send(json.dumps({"type": "response.processed", "response_id": first["id"]}))
    events = socket.ask(input="And?", store=False, previous_response_id=first["id"])
    assert check_stream(events)["previous_response_id"] == first["id"]


@pytest.mark.filterwarnings("ignore:connect.. must be used:DeprecationWarning")  # the SDK's own way of connecting
def test_the_openai_sdk(server: Served) -> None:
    with server.client.responses.connect() as connection:
        connection.response.create(model=MODEL, input="2+2?", store=False)
        first = completed(connection)
        connection.response.create(model=MODEL, input="And 3+3?", store=False, previous_response_id=first.id)
        second = completed(connection)
    assert first.output_text == second.output_text == "It is 4."
    assert second.previous_response_id == first.id


def completed(connection: Any) -> Any:
    for event in connection:
        assert event.type != "error", event
        if event.type == "response.completed":
            return event.response
    raise AssertionError("the connection ended first")


# --- One after the other ----------------------------------------------------------------------------------------------


def test_messages_that_wait_are_answered_in_turn_each_in_its_lane(socket: Socket) -> None:
    lanes = ["a", "b.c", None, "a"]
    for lane in lanes:
        socket.send(stream_id=lane, metadata={"lane": str(lane)})
    for lane in lanes:
        events = socket.events()
        assert {event.pop("stream_id", None) for event in events} == {lane}
        assert check_stream(events)["metadata"] == {"lane": str(lane)}


def test_an_error_is_in_its_lane(socket: Socket) -> None:
    assert socket.error(stream_id="a", temperature="hot")["stream_id"] == "a"
    assert "stream_id" not in socket.error(stream_id="a b")


def test_too_many_messages_are_refused_and_the_others_answered() -> None:
    with serving(engine := GatedEngine(turn_ids(ANSWER))) as server, socket_to(server) as socket:
        socket.send()
        assert socket.event()["type"] == "response.created"
        until(lambda: engine.num_running == 1)
        for _ in range(MAX_NUM_WAITING + 2):
            socket.send()
        refused = [event for event in (socket.event() for _ in range(3)) if event["type"] == "error"]
        assert [(event["status"], event["error"]["code"]) for event in refused] == [
            (429, "too_many_waiting_messages")
        ] * 2
        assert f"{MAX_NUM_WAITING} messages" in refused[0]["error"]["message"]
        check(refused[0], "openai", "ResponseWsError")
        engine.gate.set()
        for _ in range(MAX_NUM_WAITING + 1):
            assert socket.events()[-1]["type"] == "response.completed"
        assert socket.response()


def test_messages_that_wait_are_bounded_in_bytes_as_well() -> None:
    engine = GatedEngine(turn_ids(ANSWER))
    with serving(engine, max_body_bytes=10_000) as server, socket_to(server) as socket:
        socket.send()
        until(lambda: engine.num_running == 1)
        socket.send(input="x" * 6000)
        socket.send(input="x" * 6000)
        types = [socket.event()["type"] for _ in range(3)]
        assert types.count("error") == 1
        engine.gate.set()
        assert socket.events()[-1]["type"] == "response.completed"
        assert socket.events()[-1]["type"] == "response.completed"


# --- What a connection remembers --------------------------------------------------------------------------------------


def test_a_response_that_is_not_stored_is_continued_on_its_connection_only(server: Served, socket: Socket) -> None:
    first = socket.response(store=False, input="My name is Fionn.")
    second = socket.response(store=False, previous_response_id=first["id"])
    assert second["previous_response_id"] == first["id"]
    third = socket.response(store=False, previous_response_id=second["id"])
    assert "Fionn" in prompt_of(server)
    assert server.get(f"/v1/responses/{first['id']}").status_code == 404
    with socket_to(server) as other:
        assert error(other, previous_response_id=third["id"]) == (
            400,
            "previous_response_not_found",
            "previous_response_id",
        )


def prompt_of(server: Served) -> str:
    """What the engine was last asked."""
    engine = server.engine
    assert isinstance(engine, ScriptedEngine)
    return server.parts.generations[MODEL].encoding.decode(list(engine.requests[-1].prompt_token_ids))


def test_a_stored_response_is_continued_from_anywhere(server: Served, socket: Socket) -> None:
    first = socket.response(input="My name is Gráinne.")
    assert server.get(f"/v1/responses/{first['id']}").json()["output"] == first["output"]
    with socket_to(server) as other:
        other.response(previous_response_id=first["id"])
    assert "Gráinne" in prompt_of(server)


def test_a_stored_response_brings_along_what_it_continues(server: Served, socket: Socket) -> None:
    first = socket.response(store=False, input="My name is Oisín.")
    second = socket.response(store=True, previous_response_id=first["id"])
    with socket_to(server) as other:
        other.response(previous_response_id=second["id"])
    assert "Oisín" in prompt_of(server)


@pytest.mark.parametrize("response_id", ["resp_nothing", "", "x" * 100])
def test_what_is_not_there_cannot_be_continued(socket: Socket, response_id: str) -> None:
    status, _, param = error(socket, previous_response_id=response_id)
    assert (status, param) == (400, "previous_response_id")


def test_a_failed_turn_makes_the_connection_forget_what_it_continued(socket: Socket) -> None:
    first = socket.response(store=False)
    second = socket.response(store=False, previous_response_id=first["id"])
    assert error(socket, store=False, previous_response_id=first["id"], temperature=9)[:2] == (400, "invalid_value")
    expected = (400, "previous_response_not_found", "previous_response_id")
    assert error(socket, store=False, previous_response_id=first["id"]) == expected
    assert socket.response(store=False, previous_response_id=second["id"]), "what is not the failed one stays"


def test_a_turn_that_the_engine_refuses_makes_the_connection_forget_as_well() -> None:
    engine = ScriptedEngine(turn_ids(ANSWER), info=replace(SCRIPTED_INFO, max_model_len=300))
    with serving(engine) as server, socket_to(server) as socket:
        first = socket.response(store=False)
        failed = error(socket, store=False, previous_response_id=first["id"], input="word " * 300)
        assert failed[:2] == (400, "context_length_exceeded")
        assert error(socket, store=False, previous_response_id=first["id"])[1] == "previous_response_not_found"


def test_a_stored_response_is_not_forgotten_after_a_failure(socket: Socket) -> None:
    first = socket.response()
    error(socket, previous_response_id=first["id"], temperature=9)
    assert socket.response(previous_response_id=first["id"])


def test_a_prompt_can_be_made_ready_without_an_answer(server: Served, socket: Socket) -> None:
    ready = check_stream(socket.ask(generate=False, store=False, input="My name is Diarmuid."))
    assert (ready["status"], ready["output"], ready["usage"]["output_tokens"]) == ("completed", [], 0)
    assert ready["usage"]["input_tokens"] > 0
    engine = server.engine
    assert isinstance(engine, ScriptedEngine)
    assert engine.requests[-1].sampling.max_tokens == 1
    answer = check_stream(socket.ask(store=False, previous_response_id=ready["id"], input="Hello"))
    assert text_of(answer) == "It is 4."
    assert "Diarmuid" in prompt_of(server)


def test_conversations_grow(server: Served, socket: Socket) -> None:
    conversation_id = server.client.conversations.create().id
    socket.response(conversation=conversation_id, store=False)
    socket.response(conversation=conversation_id)
    kinds = [item.type for item in server.client.conversations.items.list(conversation_id, order="asc")]
    assert kinds == ["message", "reasoning", "message"] * 2


# --- Errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "The message is empty"),
        ("   ", "The message is empty"),
        ("{", "The message is not valid JSON"),
        ("[]", "The message must be a JSON object"),
        ('"response.create"', "The message must be a JSON object"),
        (b"\xff\xfe", "The message is not valid UTF-8"),
        ("{}", "Missing required parameter: 'type'"),
        ('{"type": "response.cancel"}', "Invalid value for 'type'"),
        ('{"type": "response.create"}', "Missing required parameter: 'model'"),
        ("[" * 100_000, "The message is not valid JSON"),
        ('{"type": "response.create", "model": "gpt-5", "input": "Hi"}', "'gpt-5'"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_bad_message_gets_an_error_and_the_connection_goes_on(
    socket: Socket, text: str | bytes, message: str
) -> None:
    socket.connection.send(text)
    event = error_of(socket.events())
    check(event, "openai", "ResponseWsError")
    assert message in event["error"]["message"]
    assert 400 <= event["status"] < 500
    assert socket.response()


@pytest.mark.parametrize(
    "fields, expected",
    [
        ({"background": True}, (400, "unsupported_parameter", "background")),
        ({"stream": False}, (400, "unsupported_parameter", "stream")),
        ({"surprise": 1}, (400, "unknown_parameter", "surprise")),
        ({"model": "gpt-5"}, (404, "model_not_found", "model")),
        ({"conversation": "conv_nothing"}, (404, "conversation_not_found", "conversation")),
        ({"input": [{"type": "item_reference", "id": "msg_no"}]}, (404, "item_not_found", "input[0].id")),
    ],
    ids=str,
)
def test_a_wrong_request(socket: Socket, fields: Json, expected: tuple[int, str, str]) -> None:
    assert error(socket, **fields) == expected
    assert socket.response()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from([*ResponseRequest.model_fields, "type", "stream_id", "generate"])


@pytest.fixture(scope="module")
def long_lived(server: Served) -> Iterator[Socket]:
    with socket_to(server) as opened:
        yield opened


@given(st.dictionaries(NAMES, JSON, max_size=3) | JSON, st.binary(max_size=20))
def test_whatever_is_sent_gets_an_answer_and_the_connection_goes_on(
    long_lived: Socket, value: Any, junk: bytes
) -> None:
    if isinstance(value, dict):
        value = {"type": "response.create", "model": MODEL, "input": "Hi", **value}
    for data in (json.dumps(value), junk):
        long_lived.connection.send(data)
        events = long_lived.events()
        if events[-1]["type"] == "error":
            assert 400 <= events[-1]["status"] < 500, events[-1]
            assert error_of(events)["error"]["message"]


def test_an_engine_with_too_much_to_do() -> None:
    with serving(scripted(max_num_seqs=0)) as server, socket_to(server) as socket:
        assert error(socket) == (503, "engine_overloaded", None)
        assert error(socket) == (503, "engine_overloaded", None)


def test_an_engine_that_fails_in_the_middle() -> None:
    with serving(scripted(fail_after=7)) as server, socket_to(server) as socket:
        response = check_stream(socket.ask())
        assert response["status"] == "failed"
        assert error(socket) == (503, "engine_dead", None)


class BrokenEngine(ScriptedEngine):
    """Raises what nobody expects."""

    def check(self) -> None:
        raise RuntimeError("the secret of /home/me")


def test_an_internal_error_is_logged_and_not_told() -> None:
    with serving(BrokenEngine([])) as server, socket_to(server) as socket, capture_logs() as logs:
        event = socket.error()
        again = socket.error()
    assert event["status"] == again["status"] == 500
    assert event["error"]["code"] == "internal_error"
    assert "secret" not in str(event)
    assert [entry["exc_info"] for entry in logs if entry["log_level"] == "error"]


def test_a_wrong_header_is_told_with_every_message(server: Served) -> None:
    with socket_to(server, **{"x-ossian-reasoning-events": "none"}) as socket:
        assert error(socket)[:2] == (400, "invalid_value")
        assert error(socket)[:2] == (400, "invalid_value")


def test_a_message_over_the_limit_ends_the_connection() -> None:
    with serving(scripted(), max_body_bytes=1000) as server:
        with socket_to(server) as socket, pytest.raises(ConnectionClosedError) as caught:
            socket.ask(input="x" * 1000)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1009
        with socket_to(server) as socket:
            assert socket.response()


# --- The end ----------------------------------------------------------------------------------------------------------


def test_a_connection_ends_after_its_time_with_an_error_that_says_so() -> None:
    with serving(scripted(), sections=SHORT) as server, socket_to(server) as socket:
        event = socket.event()
        check(event, "openai", "ResponseWsError")
        assert (event["status"], event["error"]["code"]) == (400, "websocket_connection_limit_reached")
        assert "0.0001 minutes" in event["error"]["message"]
        with pytest.raises(ConnectionClosedOK):
            socket.event()


def test_a_response_in_flight_may_end_when_the_time_is_over() -> None:
    engine = GatedEngine(turn_ids(ANSWER))
    with serving(engine, sections={"responses": {"websocket_minutes": 0.01}}) as server, socket_to(server) as socket:
        socket.send()
        socket.send()
        until(lambda: engine.num_running == 1)
        with pytest.raises(TimeoutError):  # the time is over before that
            socket.read_on(timeout=1)
        engine.gate.set()
        assert socket.events()[-1]["type"] == "response.completed"
        assert socket.event()["error"]["code"] == "websocket_connection_limit_reached", "what waited is not begun"
        with pytest.raises(ConnectionClosedOK):
            socket.event()


def test_a_client_that_leaves_ends_its_response() -> None:
    with serving(engine := GatedEngine(turn_ids(ANSWER))) as server:
        with socket_to(server) as socket:
            socket.send()
            socket.send()
            until(lambda: engine.num_running == 1)
            response_id = socket.event()["response"]["id"]
        until(lambda: engine.num_running == 0)
        engine.gate.set()
        assert len(engine.requests) == 1
        assert server.get(f"/v1/responses/{response_id}").status_code == 404


def test_a_client_that_vanishes_ends_its_response() -> None:
    """Without a word of farewell."""
    with serving(engine := GatedEngine(turn_ids(ANSWER))) as server:
        with socket_to(server) as socket:
            socket.send()
            until(lambda: engine.num_running == 1)
            socket.connection.socket.shutdown(2)
            with pytest.raises(ConnectionClosed):
                socket.read_on(timeout=30)
        until(lambda: engine.num_running == 0)


def test_a_client_that_does_not_read_holds_up_nobody_else(server: Served) -> None:
    with socket_to(server) as lazy, socket_to(server) as eager:
        for _ in range(MAX_NUM_WAITING):
            lazy.send()
        assert eager.response()
        for _ in range(MAX_NUM_WAITING):
            assert lazy.events()[-1]["type"] == "response.completed"


# --- Who asks, and what is told about it ------------------------------------------------------------------------------


def test_what_is_anothers_does_not_exist() -> None:
    with (
        serving(scripted(), api_keys=["first-key", "second-key"]) as server,
        socket_to(server, "first-key") as mine,
        socket_to(server, "second-key") as theirs,
    ):
        response = mine.response()
        assert error(theirs, previous_response_id=response["id"])[1] == "previous_response_not_found"
        reference = {"type": "item_reference", "id": response["output"][-1]["id"]}
        assert error(theirs, input=[reference])[:2] == (404, "item_not_found")
        assert mine.response(previous_response_id=response["id"])


def test_a_connection_and_its_turns_are_logged_and_counted() -> None:
    with serving(scripted()) as server, capture_logs() as logs:
        with socket_to(server, **{"x-request-id": "mine"}) as socket:
            assert socket.connection.response is not None
            assert socket.connection.response.headers["x-request-id"] == "mine"
            socket.response(input="my private question")
            error(socket, temperature="hot")
            text = server.get("/metrics").text
            assert "ossian_websocket_connections 1.0" in text
        until(lambda: bool([entry for entry in logs if entry["event"] == "connection"]))
        text = server.get("/metrics").text
    turns = [entry for entry in logs if entry.get("method") == "WEBSOCKET"]
    assert [(turn["request_id"], turn["path"], turn["status"], turn["model"]) for turn in turns] == [
        ("mine.1", "/v1/responses", 200, MODEL),
        ("mine.2", "/v1/responses", 400, None),
    ]
    (connection,) = [entry for entry in logs if entry["event"] == "connection"]
    assert connection.pop("seconds") >= 0
    assert connection == {
        "event": "connection",
        "log_level": "info",
        "request_id": "mine",
        "path": "/v1/responses",
        "turns": 2,
        "address": "127.0.0.1",
        "project_id": None,
        "key_id": None,
    }
    assert "ossian_websocket_connections 0.0" in text
    assert 'ossian_http_requests_total{model="ossian-nano",route="/v1/responses (websocket)",status="200"} 1.0' in text
    assert 'ossian_http_requests_total{model="",route="/v1/responses (websocket)",status="400"} 1.0' in text
    assert "private" not in str(logs)


def test_a_turn_whose_client_left_is_counted_as_that() -> None:
    with serving(engine := GatedEngine(turn_ids(ANSWER))) as server, capture_logs() as logs:
        with socket_to(server) as socket:
            socket.send()
            until(lambda: engine.num_running == 1)
        until(lambda: bool([entry for entry in logs if entry["event"] == "connection"]))
    (turn,) = [entry for entry in logs if entry.get("method") == "WEBSOCKET"]
    assert turn["status"] == 499


def test_a_response_that_never_ends_is_cut_off_when_the_server_stops() -> None:
    engine = GatedEngine(turn_ids(ANSWER))
    with ExitStack() as stack:
        server = stack.enter_context(serving(engine, shutdown_seconds=0.5))
        with socket_to(server) as socket:
            socket.send()
            until(lambda: engine.num_running == 1)
            stack.close()
            with pytest.raises(ConnectionClosed):
                socket.read_on(timeout=30)
    assert engine.num_running == 0


def test_without_an_upgrade_there_is_nothing_to_get(server: Served) -> None:
    assert server.get("/v1/responses").status_code == 405


def test_a_trailing_slash_is_forgiven(server: Served) -> None:
    with connect(server.url.replace("http", "ws") + "/v1/responses/", proxy=None) as connection:
        assert Socket(connection).response()
