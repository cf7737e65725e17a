import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import orjson
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from ossian.accounts.keys import new_secret
from tests.api.shapes import faults
from tests.server.keys import Made, change_project, make_key, make_project
from tests.server.serving import NOW, Served, scripted, serving

KEYS = ("first-key", "zweiter-schlüssel")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost:8000", "LOCALHOST", "[::1]:80", "app.localhost", "127.0.0.9:1"]
)
def test_without_keys_this_machines_names_are_served(server: Served, host: str) -> None:
    assert server.get("/v1/models", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["example.com", "127.0.0.1.example.com", "192.168.0.5:8000", "localhost@example.com"])
@pytest.mark.parametrize("path", ["/v1/models", "/metrics", "/v1/nothing"])
def test_without_keys_other_names_are_refused(server: Served, host: str, path: str) -> None:
    """That is what a web page sends whose domain was made to resolve to this machine."""
    response = server.get(path, headers={"host": host})
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "host_not_allowed"
    assert "ossian keys create" in response.json()["error"]["message"]
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
    assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert response.json()["error"]["code"] == "invalid_api_key"
    assert authorization.removeprefix("Bearer ") not in response.text
    assert faults(response.json(), "ErrorResponse") == []


@pytest.mark.parametrize("headers", [{}, {"authorization": ""}, {"authorization": "Bearer"}])
@pytest.mark.parametrize("path", ["/v1/models", "/metrics", "/v1/nothing"])
def test_no_key_is_asked_for_one(locked: Served, headers: dict[str, str], path: str) -> None:
    response = locked.get(path, headers=headers)
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "missing_api_key"
    assert "Authorization: Bearer" in response.json()["error"]["message"]
    assert response.headers["www-authenticate"] == "Bearer"


def test_a_password_is_not_taken_for_no_key(locked: Served) -> None:
    response = locked.get("/v1/models", headers={"authorization": "Basic YTpi"})
    assert (response.status_code, response.json()["error"]["code"]) == (401, "invalid_authorization")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/docs", "/openapi.json", "/docs/assets/swagger-ui.css"])
def test_what_tells_nothing_about_anybody_is_open(locked: Served, path: str) -> None:
    assert locked.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/docs/../v1/models", "/docs/%2e%2e/v1/models", "/docs/assets/../../v1/models"])
def test_an_open_path_leads_nowhere_else(locked: Served, path: str) -> None:
    connection = HTTPConnection(locked.url.removeprefix("http://"), timeout=30)  # it sends paths as they are
    try:
        connection.request("GET", path)
        assert connection.getresponse().status in (401, 404)
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


@pytest.fixture(scope="module")
def keyed() -> Iterator[Served]:
    """A server on a loopback address with keys in its database."""
    with serving(scripted()) as served:
        make_key(served, make_project(served))
        yield served


def models(served: Served, made: Made, path: str = "/v1/models") -> tuple[int, str | None]:
    """The status that a key gets, and the code of its error."""
    answer = served.get(path, headers=made.headers)
    return answer.status_code, answer.json()["error"]["code"] if answer.is_error else None


def test_a_key_of_the_database_opens(keyed: Served) -> None:
    assert models(keyed, make_key(keyed, make_project(keyed))) == (200, None)
    assert keyed.chat().status_code == 200, "callers on this machine still need none"


@pytest.mark.parametrize(
    "fields, refusal",
    [
        ({"revoked_at": NOW - 1}, (401, "revoked_api_key")),
        ({"expires_at": NOW}, (401, "expired_api_key")),
        ({"expires_at": NOW + 1}, (200, None)),
        ({"is_enabled": False}, (401, "disabled_api_key")),
        ({"scopes": {"endpoints": ["models"]}}, (200, None)),
        ({"scopes": {"endpoints": ["files"]}}, (403, "endpoint_not_allowed")),
    ],
)
def test_keys_that_are_refused(keyed: Served, fields: dict[str, Any], refusal: tuple[int, str | None]) -> None:
    project_id = make_project(keyed)
    assert models(keyed, make_key(keyed, project_id, **fields)) == refusal


def test_the_keys_of_an_archived_project_are_refused(keyed: Served) -> None:
    made = make_key(keyed, make_project(keyed))
    change_project(keyed, made.project_id, archived_at=NOW - 1)
    assert models(keyed, made) == (403, "project_archived")


def test_a_bad_key_is_never_taken_for_none(keyed: Served) -> None:
    """Not even on this machine, where none is needed."""
    unknown = Made("", "", new_secret())
    for made in (unknown, Made("", "", "whatever")):
        assert models(keyed, made) == (401, "invalid_api_key")
    answer = keyed.get("/v1/models", headers={"authorization": "Basic YTpi"})
    assert answer.json()["error"]["code"] == "invalid_authorization"
