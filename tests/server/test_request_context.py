import re
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.testing import capture_logs
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from ossian.server.observability import Metrics
from ossian.server.request_context import RequestContext
from tests.server.serving import ALIAS, MODEL, Served, scripted, serving, until


def logged(logs: Any, event: str = "request") -> list[Any]:
    return [entry for entry in logs if entry["event"] == event]


@pytest.mark.parametrize("given", ["abc", "A.b_c:d-1", "x" * 128])
def test_a_harmless_request_id_is_taken_over(server: Served, given: str) -> None:
    assert server.get("/healthz", headers={"x-request-id": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "a\tb", "é", "<script>", None])
def test_every_other_request_gets_one(server: Served, given: str | None) -> None:
    headers = {} if given is None else {b"x-request-id": given.encode()}
    with server.http() as client:
        answered = client.get("/healthz", headers=headers).headers.get_list("x-request-id")
    assert len(answered) == 1
    assert re.fullmatch(r"req_[0-9a-f]{32}", answered[0])


def test_errors_have_request_ids_too(server: Served) -> None:
    for path in ("/nothing", "/v1/models/nothing"):
        assert server.get(path, headers={"x-request-id": "mine"}).headers["x-request-id"] == "mine"


@pytest.mark.parametrize("path", ["/v1/models/", "/healthz/", f"/v1/models/{MODEL}/", "/v1/models//"])
def test_a_trailing_slash_is_forgiven(server: Served, path: str) -> None:
    assert server.get(path).status_code == 200


def test_a_trailing_slash_is_forgiven_in_a_post(server: Served) -> None:
    body = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}
    assert server.post("/v1/chat/completions/", json=body).status_code == 200


@pytest.mark.parametrize("path", ["/v1/models", "/healthz", "/docs", "/metrics", f"/v1/models/{ALIAS}"])
def test_head_is_get_without_a_body(server: Served, path: str) -> None:
    with server.http() as client:
        head, get = client.head(path), client.get(path)
    assert head.status_code == get.status_code == 200
    assert head.content == b""
    assert head.headers["content-type"] == get.headers["content-type"]


def test_a_request_is_one_line_of_the_log_without_body_and_keys() -> None:
    with serving(scripted(), api_keys=["my-secret-key"]) as server, capture_logs() as logs:
        headers = {"authorization": "Bearer my-secret-key", "x-request-id": "mine"}
        messages = [{"role": "user", "content": "my private question"}]
        body = {"model": ALIAS, "messages": messages, "stream": True}
        server.post("/v1/chat/completions?token=private", json=body, headers=headers)
        until(lambda: bool(logged(logs)))
    (entry,) = logged(logs)
    assert entry.pop("milliseconds") > 0
    assert entry == {
        "event": "request",
        "log_level": "info",
        "request_id": "mine",
        "method": "POST",
        "path": "/v1/chat/completions",
        "status": 200,
        "model": MODEL,
    }
    assert "private" not in str(logs)
    assert "secret" not in str(logs)


def test_a_refused_request_is_logged_with_its_status(server: Served) -> None:
    with capture_logs() as logs:
        server.get("/v1/models/nothing")
        until(lambda: bool(logged(logs)))
    (entry,) = logged(logs)
    assert (entry["status"], entry["model"]) == (404, None)


def test_a_websocket_that_is_refused_is_logged_like_a_request(server: Served) -> None:
    with capture_logs() as logs:
        url = server.url.replace("http", "ws") + "/v1/nothing?token=private"
        with pytest.raises(InvalidStatus), connect(url, additional_headers={"x-request-id": "mine"}, proxy=None):
            pass
        until(lambda: bool(logged(logs)))
    (entry,) = logged(logs)
    assert (entry["request_id"], entry["method"], entry["path"]) == ("mine", "WEBSOCKET", "/v1/nothing")
    assert (entry["status"], entry["model"]) == (404, None)
    assert "private" not in str(logs)


async def test_a_websocket_application_that_fails_closes_its_connection() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        raise RuntimeError("the secret of /home/me")

    sent = await served(broken)
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.close"]
    assert dict(sent[0]["headers"])[b"x-request-id"]
    assert sent[1]["code"] == 1011


async def test_a_websocket_application_that_fails_at_once_is_an_answer() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("the secret of /home/me")

    start, body = await served(broken)
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 500)
    assert b"internal_error" in body["body"]
    assert b"secret" not in body["body"]


async def served(app: ASGIApp) -> list[Message]:
    """What an application sends on a WebSocket, as the middleware passes it on."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    scope: Scope = {"type": "websocket", "path": "/", "headers": []}
    with capture_logs():
        await RequestContext(app, Metrics({}))(scope, receive, send)
    return sent
