import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import httpx2
import orjson
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from ossian.accounts.keys import KeyKind, new_secret
from ossian.accounts.scopes import Endpoint
from ossian.server.endpoints import AREAS
from tests.api.shapes import faults
from tests.server.keys import Made, change_key, change_project, make_admin_key, make_key, make_project
from tests.server.serving import ALIAS, DATABASE, MODEL, NOW, Served, scripted, serving, until
from tests.server.sockets import socket_to

KEYS = ("first-key", "zweiter-schlüssel")
QUESTION = {"role": "user", "content": "2+2?"}


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
    headers = {"origin": "http://evil.example"}
    assert server.get("/v1/models", headers=headers).status_code == 200
    body = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}
    assert server.post(json=body, headers=headers).status_code == 200


@pytest.mark.parametrize("content_type", [None, "text/plain", "multipart/form-data; boundary=x", "application/jsonx"])
def test_but_a_form_of_a_page_elsewhere_is_refused(server: Served, content_type: str | None) -> None:
    """Browsers send forms without asking first."""
    headers = {"origin": "http://evil.example"} | ({"content-type": content_type} if content_type else {})
    for path in ("/v1/files", "/v1/responses/resp_1/cancel"):
        refused = server.post(path, content=b"x", headers=headers)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "origin_not_allowed")
        own = server.post(path, content=b"x", headers=headers | {"origin": server.url})
        assert own.status_code != 403


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


def told(answer: httpx2.Response) -> tuple[int, str | None]:
    """The status of an answer, and the code of its error."""
    return answer.status_code, answer.json()["error"]["code"] if answer.is_error else None


def models(served: Served, made: Made) -> tuple[int, str | None]:
    return told(served.get("/v1/models", headers=made.headers))


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
def test_what_is_wrong_with_a_key_is_told(keyed: Served, fields: dict[str, Any], refusal: tuple[int, str]) -> None:
    made = make_key(keyed, make_project(keyed), **fields)
    assert models(keyed, made) == refusal
    if refusal[1] is not None:
        status, error = knock(keyed, "/v1/models", **made.headers)
        assert (status, error["code"]) == refusal
        assert made.secret not in error["message"]


def test_a_refused_key_is_told_how_to_be_sent(keyed: Served) -> None:
    made = make_key(keyed, make_project(keyed), revoked_at=NOW - 1)
    answer = keyed.get("/v1/models", headers=made.headers)
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert faults(answer.json(), "ErrorResponse") == []


def test_the_keys_of_an_archived_project_are_refused(keyed: Served) -> None:
    made = make_key(keyed, make_project(keyed))
    change_project(keyed, made.project_id, archived_at=NOW - 1)
    assert models(keyed, made) == (403, "project_archived")


@pytest.mark.parametrize("secret", ["whatever", new_secret(), new_secret(KeyKind.ADMIN)], ids=["none", "key", "admin"])
def test_a_bad_key_is_never_taken_for_none(keyed: Served, secret: str) -> None:
    """Not even on this machine, where none is needed."""
    assert models(keyed, Made("", "", secret)) == (401, "invalid_api_key")


def test_who_could_do_without_a_key_is_told_why_a_wrong_one_is_refused_now(keyed: Served) -> None:
    """What worked until somebody made the first key."""
    wrong = {"authorization": "Bearer none"}
    assert "`ossian keys create NAME` makes one" in keyed.get("/v1/models", headers=wrong).json()["error"]["message"]
    proxied = keyed.get("/v1/models", headers={**wrong, "x-forwarded-for": "192.0.2.7"})
    assert proxied.json()["error"]["message"] == "Incorrect API key; ask this server's operator for one."


def test_a_revoked_key_is_refused_also_where_there_is_no_other() -> None:
    with serving(scripted()) as served:
        made = make_key(served, make_project(served), revoked_at=NOW - 1)
        assert models(served, made) == (401, "revoked_api_key")
        assert models(served, Made("", "", "whatever")) == (200, None), "there is no key to be mistaken for"


def test_the_secret_of_another_database_opens_nothing(keyed: Served) -> None:
    """Its digest is of another pepper."""
    with serving(scripted()) as other:
        made = make_key(other, make_project(other))
    assert models(keyed, made) == (401, "invalid_api_key")


@pytest.mark.parametrize("path", ["/v1/organization/nothing", "/v1/organization"])
def test_the_admin_api_is_for_admin_keys(keyed: Served, path: str) -> None:
    admin, user = make_admin_key(keyed), make_key(keyed, make_project(keyed))
    assert told(keyed.get(path, headers=admin.headers)) == (404, "unknown_url")
    assert told(keyed.get(path, headers=user.headers)) == (403, "admin_key_required")
    assert told(keyed.get(path)) == (401, "missing_api_key")


def test_admin_keys_are_for_nothing_else(keyed: Served) -> None:
    admin = make_admin_key(keyed)
    for path in ("/v1/models", "/v1/responses/resp_1", "/v1/prompts", "/v1/conversations/conv_1"):
        assert told(keyed.get(path, headers=admin.headers)) == (403, "project_key_required")
    bad: list[tuple[Any, str]] = [({"revoked_at": 1}, "revoked_api_key"), ({"is_enabled": False}, "disabled_api_key")]
    for fields, code in bad:
        made = make_admin_key(keyed, **fields)
        assert told(keyed.get("/v1/organization/x", headers=made.headers)) == (401, code)


def test_the_metrics_are_for_the_operator(keyed: Served, locked: Served) -> None:
    assert keyed.get("/metrics").status_code == 200, "on this machine"
    assert keyed.get("/metrics", headers=make_admin_key(keyed).headers).status_code == 200
    assert told(keyed.get("/metrics", headers=make_key(keyed, make_project(keyed)).headers))[0] == 403
    assert told(keyed.get("/metrics", headers={"x-forwarded-for": "203.0.113.9"})) == (401, "missing_api_key")
    assert told(locked.get("/metrics", headers={"authorization": "Bearer first-key"})) == (403, "admin_key_required")
    assert locked.get("/metrics", headers=make_admin_key(locked).headers).status_code == 200


def test_what_a_proxy_passes_on_needs_a_key(keyed: Served) -> None:
    made = make_key(keyed, make_project(keyed))
    for name in ("x-forwarded-for", "forwarded", "x-real-ip", "via"):
        headers = {name: "127.0.0.1"}
        assert told(keyed.get("/v1/models", headers=headers)) == (401, "missing_api_key")
        assert told(keyed.get("/v1/models", headers=headers | made.headers)) == (200, None)


def test_any_host_name_is_served_with_a_key(keyed: Served) -> None:
    made = make_key(keyed, make_project(keyed))
    assert keyed.get("/v1/models", headers=made.headers | {"host": "models.example.com"}).status_code == 200
    assert told(keyed.get("/v1/models", headers={"host": "models.example.com"})) == (403, "host_not_allowed")


def test_nobody_is_let_in_while_the_database_cannot_be_asked() -> None:
    with serving(scripted()) as served:
        made = make_key(served, make_project(served))
        assert models(served, made) == (200, None)
        stray = make_key(served, made.project_id)
        with closing(sqlite3.connect(served.parts.settings.data_dir / DATABASE)) as sql, sql:
            sql.execute("alter table api_keys rename to away")
        until(lambda: models(served, made) == (503, "database_unavailable"))
        assert models(served, stray) == (503, "database_unavailable")
        assert served.get("/v1/models").status_code == 200, "who needs no key is not asked"


def test_a_key_that_is_revoked_ends_the_turns_of_its_websocket(keyed: Served) -> None:
    """Each turn is asked for with the key the connection was opened with, as it is then."""
    made = make_key(keyed, make_project(keyed))
    with socket_to(keyed, made.secret) as socket:
        assert socket.response()["status"] == "completed"
        change_key(keyed, made, revoked_at=NOW - 1)
        until(lambda: socket.ask()[-1]["type"] == "error")
        error = socket.error()
        assert (error["status"], error["error"]["code"]) == (401, "revoked_api_key")
        change_key(keyed, made, revoked_at=None, scopes={"endpoints": ["chat.completions"]})
        until(lambda: socket.error()["error"]["code"] == "endpoint_not_allowed")


def test_a_server_for_other_machines_needs_keys_from_everybody() -> None:
    """Also from this machine: a proxy may be in between, or a container's network. Until there is a key, nobody gets
    in."""
    with serving(scripted(), sections={"server": {"host": "0.0.0.0"}}) as served:
        for headers in ({}, {"host": "models.example.com"}):
            assert told(served.get("/v1/models", headers=headers)) == (401, "missing_api_key")
        assert models(served, Made("", "", "whatever")) == (401, "invalid_api_key")
        assert told(served.get("/metrics")) == (401, "missing_api_key")
        assert served.get("/healthz").status_code == 200
        assert models(served, make_key(served, make_project(served))) == (200, None)


def test_a_tier_for_everybody() -> None:
    access = {"anonymous": "anywhere", "anonymous_endpoints": ["models"], "anonymous_models": ["another"]}
    with serving(scripted(), sections={"server": {"host": "0.0.0.0"}, "access": access}) as served:
        assert served.get("/v1/models", headers={"host": "models.example.com"}).status_code == 200
        assert told(served.chat()) == (401, "missing_api_key")
        assert told(served.get("/v1/models", headers={"authorization": "Bearer x"})) == (401, "invalid_api_key")
        chat = make_key(served, make_project(served))
        assert served.post(json={"model": MODEL, "messages": [QUESTION]}, headers=chat.headers).status_code == 200


@pytest.mark.parametrize("headers, status", [({}, 401), ({"x-forwarded-for": "203.0.113.9"}, 401)])
def test_nobody_without_a_key_where_that_is_set(headers: dict[str, str], status: int) -> None:
    with serving(scripted(), sections={"access": {"anonymous": "never"}}) as served:
        assert served.get("/v1/models", headers=headers).status_code == status
        assert models(served, Made("", "", "whatever")) == (401, "invalid_api_key"), "it is not ignored either"


def test_a_model_that_is_not_the_keys(keyed: Served) -> None:
    made = make_key(keyed, make_project(keyed), scopes={"models": ["another"]})
    bodies: dict[str, dict[str, Any]] = {
        "/v1/chat/completions": {"messages": [QUESTION]},
        "/v1/completions": {"prompt": "2+2"},
        "/v1/responses": {"input": "2+2?"},
        "/v1/responses/input_tokens": {"input": "2+2?"},
    }
    for path, body in bodies.items():
        for name in (MODEL, ALIAS):
            answer = keyed.post(path, json={"model": name, **body}, headers=made.headers)
            assert told(answer) == (403, "model_not_allowed")
            assert answer.json()["error"]["param"] == "model"
    with socket_to(keyed, made.secret) as socket:
        assert socket.error()["error"]["code"] == "model_not_allowed"


@pytest.mark.parametrize("endpoint", [each for each in Endpoint if each is not Endpoint.USAGE])
def test_each_endpoint_can_be_all_that_a_key_is_for(keyed: Served, endpoint: Endpoint) -> None:
    made = make_key(keyed, make_project(keyed), scopes={"endpoints": [endpoint]})
    paths = {area: path for path, area in AREAS.items() if isinstance(area, Endpoint)}
    for area, path in paths.items():
        code = told(keyed.get(f"{path}/x", headers=made.headers))[1]
        assert (code != "endpoint_not_allowed") is (area is endpoint), path


def test_a_line_break_after_a_path_opens_nothing() -> None:
    """Routes are found by patterns, whose end may stand before a last line break as well."""
    access = {"anonymous": "anywhere", "anonymous_endpoints": ["models"]}
    with serving(scripted(), sections={"server": {"host": "0.0.0.0"}, "access": access}) as served:
        user = make_key(served, make_project(served), scopes={"endpoints": ["models"]})
        assert told(served.get("/metrics%0a")) == (401, "missing_api_key")
        assert told(served.get("/v1/keys%0a")) == (401, "missing_api_key")
        assert told(served.get("/metrics%0a", headers=user.headers)) == (403, "admin_key_required")
        assert told(served.get("/v1/keys%0a/", headers=user.headers)) == (403, "admin_key_required")
        body = {"model": MODEL, "messages": [QUESTION]}
        answer = served.post("/v1/chat/completions%0a", json=body, headers=user.headers)
        assert told(answer) == (403, "endpoint_not_allowed")
