from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

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
