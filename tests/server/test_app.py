"""Bad input and other ways to get no answer, over a real socket."""

import gc
import json
import socket
import weakref
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from structlog.testing import capture_logs

from ossian.engine.scripted import SCRIPTED_INFO, ScriptedEngine
from tests.api.shapes import faults
from tests.server.serving import ANSWER, MODEL, Served, scripted, serving, turn_ids

JSON = {"content-type": "application/json"}
QUESTION = {"model": MODEL, "messages": [{"role": "user", "content": "2+2?"}]}


def error_of(response: httpx2.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-request-id"]
    assert faults(response.json(), "ErrorResponse") == []
    error: dict[str, Any] = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return error


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions"])
@pytest.mark.parametrize(
    "body, message",
    [
        (b"", "The request body is empty"),
        (b'{"model": ', "not valid JSON"),
        (b'{"model": "\xc3\x28"}', "not valid UTF-8"),
        (b"[]", "must be a JSON object"),
        (b"{}", "Missing required parameter: 'model'."),
    ],
    ids=["empty", "JSON", "UTF-8", "array", "object"],
)
def test_a_body_that_cannot_be_read(server: Served, path: str, body: bytes, message: str) -> None:
    error = error_of(server.post(path, content=body, headers=JSON), 400)
    assert message in error["message"]
    assert error["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/json; charset=latin-1"},
        {"content-type": "application/jsonl"},
        {"content-type": "application/json", "content-encoding": "br"},
    ],
    ids=str,
)
def test_a_body_that_is_not_said_to_be_json(server: Served, headers: dict[str, str]) -> None:
    error = error_of(server.post(content=json.dumps(QUESTION).encode(), headers=headers), 415)
    assert error["code"] == "unsupported_media_type"
    assert "Content-" in error["message"]
    if headers and "content-encoding" not in headers:
        assert f"not '{headers['content-type']}';" in error["message"]


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"']
)
def test_a_body_that_is_said_to_be_json(server: Served, content_type: str) -> None:
    body = json.dumps(QUESTION).encode()
    assert server.post(content=body, headers={"content-type": content_type}).status_code == 200


@pytest.mark.parametrize(
    "fields, param, code",
    [
        ({"surprise": 1}, "surprise", "unknown_parameter"),
        ({"temperature": "hot"}, "temperature", "invalid_type"),
        ({"top_logprobs": 3}, "top_logprobs", "invalid_value"),
        ({"logit_bias": {"201088": 1}}, "logit_bias", "invalid_value"),
        ({"stop_token_ids": [201_088]}, "stop_token_ids[0]", "invalid_value"),
        (
            {"messages": [{"role": "tool", "tool_call_id": "x", "content": ""}]},
            "messages[0].tool_call_id",
            "invalid_value",
        ),
        ({"messages": [{"role": "bot", "content": ""}]}, "messages[0].role", "invalid_value"),
    ],
    ids=str,
)
def test_a_wrong_parameter(server: Served, fields: dict[str, Any], param: str, code: str) -> None:
    for stream in (False, True):
        error = error_of(server.chat(stream=stream, **fields), 400)
        assert (error["param"], error["code"]) == (param, code)


def test_unknown_parameters_are_ignored_when_the_operator_says_so() -> None:
    with serving(scripted(), unknown_parameters="ignore") as server:
        assert server.chat(surprise=1, stream_options=None).status_code == 200
        assert error_of(server.chat(temperature="hot"), 400)["param"] == "temperature"


def test_an_unknown_model(server: Served) -> None:
    for path in ("/v1/chat/completions", "/v1/completions"):
        fields = {"messages": QUESTION["messages"]} if "chat" in path else {"prompt": "Hi"}
        error = error_of(server.post(path, json={"model": "gpt-5", **fields}), 404)
        assert (error["param"], error["code"]) == ("model", "model_not_found")
        assert "'gpt-5'" in error["message"]
        assert MODEL in error["message"]
    assert error_of(server.get("/v1/models/openai/gpt-5"), 404)["code"] == "model_not_found"


@pytest.mark.parametrize(
    "path", ["/v1/nothing", "/v1", "/v1/chat", "/nothing", "/docs/assets/nothing.js", "/v1//models"]
)
def test_an_unknown_route(server: Served, path: str) -> None:
    error = error_of(server.get(path), 404)
    assert error["code"] == "unknown_url"
    assert path in error["message"]


@pytest.mark.parametrize(
    "method, path", [("GET", "/v1/chat/completions"), ("POST", "/v1/models"), ("OPTIONS", "/v1/models")]
)
def test_a_method_that_a_route_does_not_take(server: Served, method: str, path: str) -> None:
    with server.http() as client:
        response = client.request(method, path)
    assert error_of(response, 405)["code"] == "method_not_allowed"
    assert response.headers["allow"] in {"GET", "POST"}


def test_a_web_page_elsewhere_is_told_nothing(server: Served) -> None:
    origin = {"origin": "https://example.com", "access-control-request-method": "POST"}
    with server.http() as client:
        asked = client.options("/v1/chat/completions", headers=origin)
    answered = server.get("/v1/models", headers=origin)
    for response in (asked, answered):
        assert not [name for name in response.headers if name.startswith("access-control-")]
    assert asked.status_code == 405


@pytest.fixture(scope="module")
def small() -> Iterator[Served]:
    with serving(scripted(), max_body_bytes=1000) as served:
        yield served


def test_an_announced_length_is_refused_before_the_body_is_read(small: Served) -> None:
    """Only the head is ever sent, and it is answered."""
    host, port = small.url.removeprefix("http://").split(":")
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        "Content-Length: 1000000000\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(head.encode())
        answer = connection.recv(65536).decode()
    assert answer.startswith("HTTP/1.1 413 ")
    assert "over the limit of 1000 bytes" in answer


def test_a_streamed_body_is_refused_where_it_passes_the_limit(small: Served) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(20):
            yield b" " * 100

    error = error_of(small.post(content=chunks(), headers=JSON), 413)
    assert error["code"] == "request_too_large"
    assert "server.max_body_bytes" in error["message"]


@pytest.mark.parametrize("size, status", [(1000, 200), (1001, 413)])
def test_the_limit_is_exact(small: Served, size: int, status: int) -> None:
    body = json.dumps(QUESTION).encode().ljust(size)
    assert small.post(content=body, headers=JSON).status_code == status


def test_a_prompt_that_does_not_fit() -> None:
    engine = ScriptedEngine(turn_ids(ANSWER), info=replace(SCRIPTED_INFO, max_model_len=100))
    with serving(engine) as server:
        for stream in (False, True):
            messages = [{"role": "user", "content": "word " * 200}]
            error = error_of(server.chat(messages=messages, stream=stream), 400)
            assert (error["param"], error["code"]) == ("messages", "context_length_exceeded")
            assert "100 tokens" in error["message"]
        error = error_of(server.chat(max_tokens=1000), 400)
        assert error["code"] == "context_length_exceeded"
        assert "1000 in the completion" in error["message"]
        assert engine.requests == []


def test_an_engine_with_too_much_to_do() -> None:
    with serving(scripted(max_num_seqs=0)) as server:
        for stream in (False, True):
            response = server.chat(stream=stream)
            error = error_of(response, 503)
            assert (error["type"], error["code"]) == ("server_error", "engine_overloaded")
            assert int(response.headers["retry-after"]) > 0


def test_an_engine_that_fails_and_is_dead_from_then_on() -> None:
    with serving(scripted(fail_after=3)) as server:
        assert server.get("/readyz").status_code == 200
        assert error_of(server.chat(), 500)["message"] == "the scripted engine failed"
        error = error_of(server.chat(), 503)
        assert error["code"] == "engine_dead"
        assert error_of(server.get("/readyz"), 503)["code"] == "engine_dead"
        assert server.get("/healthz").status_code == 200


class BrokenEngine(ScriptedEngine):
    """Raises what nobody expects."""

    def check(self) -> None:
        raise RuntimeError("the secret of /home/me")


def test_an_internal_error_is_logged_and_not_told() -> None:
    with serving(BrokenEngine([])) as server, capture_logs() as logs:
        response = server.chat()
        error = error_of(response, 500)
    assert (error["type"], error["code"]) == ("server_error", "internal_error")
    assert "secret" not in response.text
    assert "Traceback" not in response.text
    (failure,) = [entry for entry in logs if entry["event"] == "request failed"]
    assert failure["request_id"] == response.headers["x-request-id"]
    assert failure["exc_info"]


@pytest.mark.parametrize("fail_after", [0, 5, 12])
def test_a_failure_after_the_start_is_an_event_and_no_done_follows(fail_after: int) -> None:
    with serving(scripted(fail_after=fail_after)) as server:
        response = server.chat(stream=True)
    assert response.status_code == 200
    *before, last, end = response.text.split("\n\n")
    assert end == ""
    assert faults(json.loads(last.removeprefix("data: ")), "ErrorResponse") == []
    assert "the scripted engine failed" in last
    assert all("chat.completion.chunk" in event for event in before)
    assert "[DONE]" not in response.text


def test_an_application_that_is_gone_leaves_its_engine_to_the_collector() -> None:
    """An engine is gigabytes; FastAPI remembers every route function for good, and what it closes over."""
    engine = scripted()
    remembered = weakref.ref(engine)
    with serving(engine) as server:
        assert server.chat().status_code == 200
        assert server.chat(stream=True).status_code == 200
        assert server.get("/docs").status_code == server.get("/openapi.json").status_code == 200
    del engine, server
    gc.collect()
    assert remembered() is None
