from typing import Any

import pytest

from ossian.accounts.keys import KeyKind, kind_of
from tests.server.keys import Made
from tests.server.routes.aimlapi.conftest import WINDOW, Account
from tests.server.serving import until

FIELDS = {"name", "disabled", "prefix", "scopes", "limit", "created_at", "updated_at", "monthly_usage"}


def create(account: Account, **fields: Any) -> dict[str, Any]:
    answer = account.ask("POST", "/v1/keys", account.admin, json=fields)
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def change(account: Account, prefix: str, method: str = "PATCH", **fields: Any) -> dict[str, Any]:
    answer = account.ask(method, f"/v1/keys/{prefix}", account.admin, json=fields)
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def test_a_key_is_made_and_opens(account: Account) -> None:
    made = create(account, name="ci", limit={"retention": "day", "threshold": 2.5}, scopes=["model:chat"])
    assert made.keys() == FIELDS | {"key"}
    assert kind_of(made["key"]) is KeyKind.PROJECT
    assert made["key"].startswith(made["prefix"])
    assert (made["name"], made["scopes"]) == ("ci", ["model:chat"])
    assert made["limit"] == {"retention": "day", "threshold": 2.5}
    key = Made("", account.project_id, made["key"])
    assert account.chat(key).status_code == 200
    assert account.get("/v2/usage", key)["api_key_prefix"] == made["prefix"]
    assert account.ask("POST", "/v1/responses", key, json={"model": "gpt-oss-20b", "input": "Hi"}).status_code == 403


def test_keys_are_listed_without_their_secrets_the_oldest_first(account: Account) -> None:
    prefixes = [create(account)["prefix"] for _ in range(3)]
    listed = account.get("/v1/keys", account.admin)["data"]
    assert [key["prefix"] for key in listed] == [account.key.secret[:16], *prefixes]
    assert all(key.keys() == FIELDS for key in listed)
    assert account.get(f"/v1/keys/{prefixes[1]}", account.admin)["data"] == listed[2]


def test_the_first_key_makes_the_project(account: Account) -> None:
    listed = account.get("/v1/organization/projects", account.admin)["data"]
    account.ask("POST", f"/v1/organization/projects/{account.project_id}/archive", account.admin)
    assert account.get("/v1/keys", account.admin) == {"data": []}
    create(account, name="first")
    assert [key["name"] for key in account.get("/v1/keys", account.admin)["data"]] == ["first"]
    assert len(listed) == 1


def test_a_change_leaves_alone_what_it_does_not_name(account: Account) -> None:
    made = create(account, name="ci", limit={"retention": "month", "threshold": 5}, scopes=["model:responses"])
    changed = change(account, made["prefix"], disabled=True)
    assert changed == {name: value for name, value in made.items() if name != "key"} | {"disabled": True}
    assert account.chat(Made("", "", made["key"])).status_code == 401
    assert change(account, made["prefix"], limit=None, name="other")["limit"] is None
    put = change(account, made["prefix"], "PUT")
    assert (put["name"], put["disabled"], put["scopes"], put["limit"]) == ("other", False, None, None)


def test_a_deleted_key_is_refused_at_once(account: Account) -> None:
    made = create(account)
    answer = account.ask("DELETE", f"/v1/keys/{made['prefix']}", account.admin)
    assert answer.json() == {"data": {"prefix": made["prefix"], "deleted": True}}
    assert account.chat(Made("", "", made["key"])).status_code == 401
    assert "no API key" in account.refused("DELETE", f"/v1/keys/{made['prefix']}", account.admin, 404)


def test_the_key_that_was_used_last(account: Account) -> None:
    assert "used yet" in account.refused("GET", "/v1/key", account.admin, 404)
    create(account)
    assert account.chat().status_code == 200
    until(lambda: account.ask("GET", "/v1/key", account.admin).status_code == 200)
    assert account.get("/v1/key", account.admin)["data"]["prefix"] == account.key.secret[:16]


def test_a_limit_that_is_reached_ends_the_key(account: Account) -> None:
    made = create(account, limit={"retention": "no_reset", "threshold": 0.000001})
    key = Made("", account.project_id, made["key"])
    assert account.chat(key).status_code == 200
    answer = account.chat(key)
    assert answer.status_code == 403
    assert "budget" in answer.json()["message"]
    account.until_written(1, key)
    shown = account.get(f"/v1/keys/{made['prefix']}", account.admin)["data"]
    assert shown["monthly_usage"] == account.get("/v2/usage", key, **WINDOW)["spend"] > 0


def test_only_a_management_key_sees_and_makes_keys(account: Account) -> None:
    assert "admin key" in account.refused("GET", "/v1/keys", account.key, 403)
    assert "admin key" in account.refused("POST", "/v1/keys", account.key, 403, json={})
    account.refused("GET", "/v1/key", None, 401)


@pytest.mark.parametrize(
    "body, message",
    [
        ({"scopes": ["model:image"]}, "there is no 'model:image' here"),
        ({"limit": {"retention": "year", "threshold": 1}}, "limit.retention"),
        ({"disabled": True}, "disabled"),
    ],
)
def test_what_cannot_be_made_is_refused(account: Account, body: dict[str, Any], message: str) -> None:
    assert message in account.refused("POST", "/v1/keys", account.admin, 400, json=body)


def test_a_key_without_a_name_gets_one(account: Account) -> None:
    assert create(account, name="")["name"] == "key"
