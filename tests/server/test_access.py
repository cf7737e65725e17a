import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import orjson
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from ossian.server.access import host_name, is_loopback
from tests.api.shapes import faults
from tests.server.serving import Served, scripted, serving

KEYS = ("first-key", "zweiter-schlüssel")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost", "LocalHost", "a.localhost", "0:0:0:0:0:0:0:1"],
)
def test_a_loopback_host(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "192.168.0.1", "example.com", "localhost.example.com", "127.0.0.1.nip.io", "", "2130706433"],
)
def test_a_host_that_others_reach(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "header, name",
    [
        ("localhost", "localhost"),
        ("localhost:8000", "localhost"),
        ("[::1]:8000", "::1"),
        ("[::1]", "::1"),
        ("", ""),
        ("a:b:c", "a"),
    ],
)
def test_the_host_of_a_header(header: str, name: str) -> None:
    assert host_name(header) == name


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost:8000", "LOCALHOST", "[::1]:80", "app.localhost", "127.0.0.9:1"]
)
def test_without_keys_this_machines_names_are_served(server: Served, host: str) -> None:
    assert server.get("/v1/models", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["example.com", "127.0.0.1.example.com", "192.168.0.5:8000", "localhost@example.com"])
@pytest.mark.parametrize("path", ["/v1/models", "/healthz", "/metrics", "/docs"])
def test_without_keys_other_names_are_refused(server: Served, host: str, path: str) -> None:
    """That is what a web page sends whose domain was made to resolve to this machine."""
    response = server.get(path, headers={"host": host})
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "host_not_allowed"
    assert "server.api_keys" in response.json()["error"]["message"]
    assert faults(response.json(), "ErrorResponse") == []


def test_without_keys_any_authorization_is_welcome(server: Served) -> None:
    """SDKs insist on sending some key."""
    assert server.get("/v1/models", headers={"authorization": "Bearer whatever"}).status_code == 200


@pytest.fixture(scope="module")
def locked() -> Iterator[Served]:
    with serving(scripted(), api_keys=KEYS) as served:
        yield served


@pytest.mark.parametrize("authorization", [*(f"Bearer {key}" for key in KEYS), "bearer first-key", "BEARER  first-key"])
def test_a_key_opens(locked: Served, authorization: str) -> None:
    with locked.http() as client:
        assert client.get("/v1/models", headers={b"authorization": authorization.encode()}).status_code == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer wrong",
        "Bearer first-key2",
        "Bearer first-ke",
        "Bearer FIRST-KEY",
        "Bearer first-key second",
        "Bearer \xe4",
    ],
)
def test_a_wrong_key_does_not(locked: Served, authorization: str) -> None:
    with locked.http() as client:
        response = client.get("/v1/models", headers={b"authorization": authorization.encode("latin-1")})
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json()["error"]["code"] == "invalid_api_key"
    assert authorization.removeprefix("Bearer ") not in response.text
    assert faults(response.json(), "ErrorResponse") == []


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": ""}, {"authorization": "Bearer"}, {"authorization": "Basic a"}]
)
@pytest.mark.parametrize("path", ["/v1/models", "/metrics", "/v1/nothing"])
def test_no_key_is_asked_for_one(locked: Served, headers: dict[str, str], path: str) -> None:
    response = locked.get(path, headers=headers)
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "missing_api_key"
    assert "Authorization: Bearer" in response.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/docs", "/openapi.json", "/docs/assets/swagger-ui.css"])
def test_what_tells_nothing_about_anybody_is_open(locked: Served, path: str) -> None:
    assert locked.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/docs/../v1/models", "/docs/%2e%2e/v1/models", "/docs/assets/../../v1/models"])
def test_an_open_path_leads_nowhere_else(locked: Served, path: str) -> None:
    connection = HTTPConnection(locked.url.removeprefix("http://"), timeout=30)  # it sends paths as they are
    try:
        connection.request("GET", path)
        assert connection.getresponse().status == 404
    finally:
        connection.close()


def test_with_keys_any_host_name_is_served(locked: Served) -> None:
    headers = {"authorization": "Bearer first-key", "host": "models.example.com"}
    assert locked.get("/v1/models", headers=headers).status_code == 200


def test_the_body_of_a_stranger_is_not_read(locked: Served) -> None:
    assert locked.post(content=b"{", headers={"content-type": "application/json"}).status_code == 401


def knock(server: Served, path: str = "/v1/nothing", host: str | None = None, **headers: str) -> tuple[int, Any]:
    """Ask for a WebSocket where there is none: who may ask is told 404, who may not, what the checks answer.

    `host` is the Host header; the client itself would write the one it connects to.
    """
    address, port = server.url.removeprefix("http://").split(":")
    url = f"ws://{host or f'{address}:{port}'}{path}"
    with pytest.raises(InvalidStatus) as caught, socket.create_connection((address, int(port)), timeout=30) as opened:
        connect(url, sock=opened, additional_headers=headers, proxy=None, open_timeout=30)
    response = caught.value.response
    assert response.headers["x-request-id"].startswith("req_")
    assert response.headers["content-type"] == "application/json"
    body = orjson.loads(response.body)
    assert faults(body, "ErrorResponse") == []
    return response.status_code, body["error"]


def test_where_there_is_no_websocket_one_is_told_where_it_is(server: Served) -> None:
    for path in ("/", "/v1/models", "/docs", "/docs/assets/swagger-ui.css"):
        status, error = knock(server, path)
        assert (status, error["code"]) == (404, "unknown_url")
        assert path in error["message"]
        assert "/v1/responses" in error["message"]


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:1", "[::1]:80", "app.localhost"])
def test_without_keys_this_machines_names_get_a_websocket(server: Served, host: str) -> None:
    assert knock(server, host=host)[0] == 404


@pytest.mark.parametrize("host", ["example.com", "127.0.0.1.example.com", "192.168.0.5:8000"])
def test_without_keys_other_names_get_no_websocket(server: Served, host: str) -> None:
    status, error = knock(server, host=host)
    assert (status, error["code"]) == (403, "host_not_allowed")


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "https://127.0.0.1.evil.example:8000",
        "null",
        "",
        "http://localhost:3000",
        "127.0.0.1:8000",
    ],
)
def test_without_keys_a_web_page_elsewhere_gets_no_websocket(server: Served, origin: str) -> None:
    """No preflight asks for one, so the Origin is all there is to go by."""
    status, error = knock(server, host="127.0.0.1:8000", origin=origin)
    assert (status, error["code"]) == (403, "origin_not_allowed")
    assert "no Origin header" in error["message"]


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8000", "HTTP://127.0.0.1:8000"])
def test_without_keys_the_servers_own_pages_get_a_websocket(server: Served, origin: str) -> None:
    assert knock(server, host="127.0.0.1:8000", origin=origin)[0] == 404


def test_over_http_an_origin_changes_nothing(server: Served) -> None:
    """A page elsewhere cannot read the answer, nor send JSON without asking first."""
    assert server.get("/v1/models", headers={"origin": "http://evil.example"}).status_code == 200


def test_a_key_opens_a_websocket(locked: Served) -> None:
    assert knock(locked, authorization="Bearer first-key")[0] == 404
    assert knock(locked, host="models.example.com", authorization="Bearer first-key")[0] == 404


@pytest.mark.parametrize(
    "headers, code",
    [({}, "missing_api_key"), ({"authorization": "Bearer wrong"}, "invalid_api_key")],
)
def test_without_a_known_key_there_is_no_websocket(locked: Served, headers: dict[str, str], code: str) -> None:
    for path in ("/v1/responses", "/v1/nothing"):
        status, error = knock(locked, path, **headers)
        assert (status, error["code"]) == (401, code)
