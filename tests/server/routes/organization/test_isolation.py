"""Nobody but an administrator gets to the admin API, whatever he sends and wherever he is."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from ossian.accounts.keys import KeyKind, new_secret
from tests.server.keys import make_admin_key, make_key, make_project
from tests.server.routes.organization.conftest import Admin
from tests.server.serving import NOW, Served, scripted, serving

SETTINGS_KEY = "a-key-of-the-settings"


@pytest.fixture(scope="module")
def locked() -> Iterator[Served]:
    with serving(scripted(), api_keys=[SETTINGS_KEY]) as served:
        yield served


def routes(served: Served) -> list[tuple[str, str]]:
    """Every method and address below /v1/organization, also of what there is not."""
    paths = served.get("/openapi.json").json()["paths"]
    found = [(method, path) for path, methods in paths.items() for method in methods if "/v1/organization" in path]
    assert len(found) > 20
    filled = [(method, re.sub(r"\{\w+\}", "x_1", path)) for method, path in found]
    return [*filled, ("get", "/v1/organization"), ("get", "/v1/organization/users"), ("put", "/v1/organization/x/y")]


def codes(served: Served, headers: dict[str, str], status: int) -> set[str]:
    """What somebody is told at every address."""
    with served.http(headers=headers) as http:
        answers = [http.request(method, path, json={"name": "x"}) for method, path in routes(served)]
    assert {answer.status_code for answer in answers} == {status}
    return {answer.json()["error"]["code"] for answer in answers}


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def test_who_has_no_key_does_not_get_in_from_this_machine_either(served: Served) -> None:
    assert codes(served, {}, 401) == {"missing_api_key"}


def test_a_projects_key_does_not_get_in(served: Served) -> None:
    key = make_key(served, make_project(served))
    assert codes(served, key.headers, 403) == {"admin_key_required"}


@pytest.mark.parametrize(
    "address",
    [
        "/v1/organization/projects/",
        "/v1/%6Frganization/projects",
        "/v1/organization//projects",
        "//v1/organization/projects",
        "/v1/./organization/projects",
        "/v1/models/../organization/projects",
        "/V1/Organization/projects",
        "/ovhcloud/v1/organization/projects",
        "/ossian-nano/api/openai_compat/v1/organization/projects",
        "/project/p-1/genai/v1/organization/projects",
        "/project/p-1/genai/ossian-nano/v1/organization/projects",
    ],
)
def test_no_spelling_of_an_address_lets_anybody_in(served: Served, address: str) -> None:
    key = make_key(served, make_project(served))
    where = urlsplit(served.url)
    for headers in ({}, key.headers):
        connection = HTTPConnection(where.hostname or "", where.port, timeout=30)  # it sends addresses as they are
        with closing(connection):
            connection.request("GET", address, headers=headers)
            answer = connection.getresponse()
            assert answer.status in (401, 403, 404)
            assert "data" not in json.loads(answer.read())


def test_a_key_of_the_settings_does_not_get_in(locked: Served) -> None:
    assert codes(locked, bearer(SETTINGS_KEY), 403) == {"admin_key_required"}


@pytest.mark.parametrize(
    "secret", [new_secret(KeyKind.ADMIN), "sk-ossian-admin-", "root"], ids=["new", "short", "root"]
)
def test_a_key_that_nobody_made_does_not_get_in(locked: Served, secret: str) -> None:
    assert codes(locked, bearer(secret), 401) == {"invalid_api_key"}


@pytest.mark.parametrize(
    "fields, code",
    [
        ({"expires_at": NOW}, "expired_api_key"),
        ({"revoked_at": NOW - 5}, "revoked_api_key"),
        ({"is_enabled": False}, "disabled_api_key"),
    ],
)
def test_an_admin_key_that_is_not_valid_does_not_get_in(served: Served, fields: dict[str, Any], code: str) -> None:
    assert codes(served, make_admin_key(served, **fields).headers, 401) == {code}


def test_an_admin_key_is_of_no_use_elsewhere(admin: Admin) -> None:
    answer = admin.served.post(json={"model": "m", "messages": []}, headers=admin.key.headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "project_key_required")


def test_what_there_is_not_is_not_found_by_administrators(admin: Admin) -> None:
    for path in ("", "/users", "/usage/embeddings", "/projects/proj_1/service_accounts"):
        assert admin.refused("GET", path, 404)["code"] == "unknown_url"


@pytest.mark.parametrize(
    "options, status, code",
    [
        ({"content": b"{}"}, 415, "unsupported_media_type"),
        ({"content": b"{", "headers": {"content-type": "application/json"}}, 400, None),
        ({"json": []}, 400, None),
        ({"json": {"name": "x" * 11_000_000}}, 413, "request_too_large"),
    ],
    ids=["no type", "no JSON", "an array", "too large"],
)
def test_a_body_that_is_none_is_refused(admin: Admin, options: dict[str, Any], status: int, code: str | None) -> None:
    for path in ("/projects", "/admin_api_keys"):
        assert admin.refused("POST", path, status, **options)["code"] == code


def test_names_of_any_kind_are_kept_or_refused(admin: Admin) -> None:
    for name in ("Données", "名前", "=1+1", "'; DROP TABLE projects; --", "<script>", "a/b?c#d", "%00"):
        project = admin.project(name=name)
        assert admin.get(f"/projects/{project}")["name"] == name
    for name in ("\x00", "a\u202eb", "\ud800"):
        body = f'{{"name": "{name.encode("unicode-escape").decode()}"}}'.replace("\\x00", "\\u0000")
        response = admin.ask("POST", "/projects", content=body, headers={"content-type": "application/json"})
        assert response.status_code == 400, name
        assert response.json()["error"]["param"] in ("name", None)


def test_ids_of_any_kind_name_nothing(admin: Admin) -> None:
    for name in ("%00", "..%2F..", "x" * 5000, "%F0%9F%92%A9", "'%20OR%201=1"):
        assert admin.refused("GET", f"/projects/{name}", 404)["code"] in ("project_not_found", "unknown_url")
        assert admin.refused("DELETE", f"/admin_api_keys/{name}", 404)["code"] in ("key_not_found", "unknown_url")


def test_metrics_name_the_whole_route(admin: Admin) -> None:
    admin.get(f"/projects/{admin.project()}/api_keys")
    metrics = admin.served.get("/metrics", headers=admin.key.headers).text
    assert 'route="/v1/organization/projects/{project_id}/api_keys"' in metrics
    assert 'route="/projects' not in metrics
