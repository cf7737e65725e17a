import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.testing import capture_logs
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from ossian.server.observability import Metrics
from ossian.server.request_context import RequestContext, UnforeseenErrors
from tests.server.keys import make_admin_key, make_key, make_project
from tests.server.serving import ALIAS, MODEL, Served, scripted, serving, until
from tests.server.sockets import socket_to


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
        "address": "127.0.0.1",
        "project_id": "settings key 1",
        "key_id": None,
    }
    assert "private" not in str(logs)
    assert "secret" not in str(logs)


def test_a_refused_request_is_logged_with_its_status(server: Served) -> None:
    with capture_logs() as logs:
        server.get("/v1/models/nothing")
        until(lambda: bool(logged(logs)))
    (entry,) = logged(logs)
    assert (entry["status"], entry["model"]) == (404, None)


@pytest.fixture(scope="module")
def keyed() -> Iterator[Served]:
    with serving(scripted(), sections={"access": {"trusted_proxies": ["127.0.0.1"]}}) as served:
        yield served


def entry_of(served: Served, path: str, headers: dict[str, str]) -> dict[str, Any]:
    """What the log says of a request, and nothing of its secret."""
    with capture_logs() as logs:
        served.get(path, headers=headers)
        until(lambda: bool(logged(logs)))
    assert "sk-ossian-" not in str(logs)
    (entry,) = logged(logs)
    return dict(entry)


def test_the_log_says_whose_key_it_was_and_where_he_is(keyed: Served) -> None:
    made, admin = make_key(keyed, make_project(keyed)), make_admin_key(keyed)
    entry = entry_of(keyed, "/v1/models", made.headers | {"x-forwarded-for": "203.0.113.9"})
    assert (entry["address"], entry["project_id"], entry["key_id"]) == ("203.0.113.9", made.project_id, made.id)
    entry = entry_of(keyed, "/metrics", admin.headers)
    assert (entry["address"], entry["project_id"], entry["key_id"]) == ("127.0.0.1", None, admin.id)


def test_of_who_is_turned_away_the_log_says_where_he_is(keyed: Served) -> None:
    made = make_key(keyed, make_project(keyed), revoked_at=1)
    for headers in (made.headers, {}):
        entry = entry_of(keyed, "/v1/models", headers | {"x-forwarded-for": "203.0.113.9"})
        assert (entry["status"], entry["address"]) == (401, "203.0.113.9")
        assert (entry["project_id"], entry["key_id"]) == (None, None)


def test_turns_on_a_websocket_are_logged_with_their_key(keyed: Served) -> None:
    made = make_key(keyed, make_project(keyed))
    with capture_logs() as logs:
        with socket_to(keyed, made.secret) as socket:
            socket.response()
        until(lambda: bool(logged(logs, "connection")))
    for entry in (*logged(logs), *logged(logs, "connection")):
        assert (entry["project_id"], entry["key_id"]) == (made.project_id, made.id)
    assert made.secret not in str(logs)


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
        await RequestContext(UnforeseenErrors(app), Metrics({}))(scope, receive, send)
    return sent
