"""What browsers are told about calls from web pages: nothing, unless their origins are in the settings."""

from collections.abc import Iterator

import httpx2
import pytest

from ossian.accounts.standings import Resource, Standing, rate_limit_headers
from ossian.engine.scripted import ScriptedEngine
from ossian.server.cross_origin import EXPOSED
from tests.server.keys import make_key, make_project
from tests.server.serving import Served, scripted, serving
from tests.server.sockets import socket_to

APP, OTHER = "https://app.example.com", "https://other.example.com"


@pytest.fixture(scope="module")
def open_to_app() -> Iterator[Served]:
    with serving(scripted(), cors_origins=[APP], api_keys=["key"]) as served:
        yield served


@pytest.fixture(scope="module")
def open_to_all() -> Iterator[Served]:
    with serving(scripted(), cors_origins=["*"]) as served:
        yield served


def preflight(served: Served, origin: str, method: str = "POST", path: str = "/v1/chat/completions") -> httpx2.Response:
    """What a browser asks before it sends a page's request."""
    headers = {
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": "authorization, content-type, x-stainless-os",
    }
    with served.http() as client:
        return client.options(path, headers=headers)


def cors_headers(answer: httpx2.Response) -> set[str]:
    return {name for name in answer.headers if name.startswith("access-control-")}


def test_without_the_setting_browsers_are_told_nothing(server: Served) -> None:
    answer = preflight(server, APP)
    assert answer.status_code == 405
    assert cors_headers(answer) == set()
    assert cors_headers(server.get("/v1/models", headers={"origin": APP})) == set()


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses/resp_1", "/v1/files"])
def test_a_page_that_may_call_is_told_so_before_it_has_sent_its_key(
    open_to_app: Served, method: str, path: str
) -> None:
    answer = preflight(open_to_app, APP, method, path)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == APP
    assert method in answer.headers["access-control-allow-methods"].split(", ")
    assert answer.headers["access-control-allow-headers"] == "authorization, content-type, x-stainless-os"
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.headers["x-request-id"].startswith("req_")


def test_a_page_that_may_not_is_told_nothing_of_use(open_to_app: Served) -> None:
    answer = preflight(open_to_app, OTHER)
    assert answer.status_code == 400
    assert "access-control-allow-origin" not in answer.headers
    read = open_to_app.get("/v1/models", headers={"origin": OTHER, "authorization": "Bearer key"})
    assert "access-control-allow-origin" not in read.headers


@pytest.mark.parametrize("authorization, status", [("Bearer key", 200), ("Bearer wrong", 401)])
def test_a_page_that_may_call_reads_answers_and_refusals(open_to_app: Served, authorization: str, status: int) -> None:
    answer = open_to_app.get("/v1/models", headers={"origin": APP, "authorization": authorization})
    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == APP
    assert "origin" in answer.headers["vary"].lower()


class BrokenEngine(ScriptedEngine):
    """Raises what nobody expects."""

    def check(self) -> None:
        raise RuntimeError("broken")


def test_a_page_that_may_call_reads_that_the_server_failed() -> None:
    with serving(BrokenEngine([]), cors_origins=[APP]) as served:
        answer = served.get("/readyz", headers={"origin": APP})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (500, APP)
    assert answer.headers["x-request-id"].startswith("req_")


def test_a_page_reads_the_headers_that_clients_look_at(open_to_app: Served) -> None:
    answer = open_to_app.get("/v1/models", headers={"origin": APP})
    exposed = answer.headers["access-control-expose-headers"].split(", ")
    ours = {name for name in answer.headers if name.startswith("x-") and name != "x-content-type-options"}
    assert ours <= set(exposed) == set(EXPOSED)
    limits = rate_limit_headers(Standing(resource, 10, 5, 1.0) for resource in Resource)
    assert set(limits) <= set(exposed)
    assert {"retry-after", "x-should-retry", "x-warning"} <= set(exposed)


def test_every_page_may_call_where_that_is_set(open_to_all: Served) -> None:
    answer = preflight(open_to_all, OTHER)
    assert answer.headers["access-control-allow-origin"] == "*"
    read = open_to_all.get("/v1/models", headers={"origin": OTHER})
    assert (read.status_code, read.headers["access-control-allow-origin"]) == (200, "*")


def test_allowed_pages_open_websockets_too(open_to_all: Served) -> None:
    made = make_key(open_to_all, make_project(open_to_all))
    for key in (None, made.secret):
        with socket_to(open_to_all, key, origin=OTHER) as socket:
            assert socket.response()["status"] == "completed"


def test_a_page_sends_no_cookies_and_gets_none(open_to_app: Served) -> None:
    answer = open_to_app.get("/v1/models", headers={"origin": APP, "cookie": "a=b", "authorization": "Bearer key"})
    assert answer.headers["access-control-allow-origin"] == APP, "never '*' and never with credentials"
    assert "set-cookie" not in answer.headers
