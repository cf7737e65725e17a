"""/v1/organization/admin_api_keys, on both databases."""

from typing import Any

import pytest

from ossian.accounts.keys import KeyKind, kind_of
from tests.server.routes.organization.conftest import Admin
from tests.server.serving import NOW


def made_key(admin: Admin, **fields: Any) -> dict[str, Any]:
    key: dict[str, Any] = admin.post("/admin_api_keys", **{"name": "second", **fields})
    return key


def status_of(admin: Admin, key: dict[str, Any]) -> int:
    """What an administrator with the key gets."""
    headers = {"authorization": f"Bearer {key['value']}"}
    return admin.served.get("/v1/organization/projects", headers=headers).status_code


def test_a_key_is_shown_once_and_opens_this_api(admin: Admin) -> None:
    made = made_key(admin)
    assert kind_of(made["value"]) is KeyKind.ADMIN
    assert status_of(admin, made) == 200
    kept = admin.get(f"/admin_api_keys/{made['id']}")
    assert made == {**kept, "last_used_at": None, "value": made["value"]}
    assert kept["object"] == "organization.admin_api_key"
    assert kept["redacted_value"].startswith("sk-ossian-admin-")
    assert made["value"] not in admin.ask("GET", "/admin_api_keys").text


def test_openais_client_makes_lists_and_deletes_keys(admin: Admin) -> None:
    keys = admin.organization.admin_api_keys
    made = keys.create(name="of the client", expires_in_seconds=60)
    assert (made.expires_at, made.value[:16]) == (NOW + 60, "sk-ossian-admin-")
    assert keys.retrieve(made.id).name == "of the client"
    assert {admin.key.id, made.id} <= {key.id for key in keys.list(limit=1)}
    assert [key.id for key in keys.list(order="desc")][-1] == admin.key.id
    assert keys.delete(made.id).deleted
    assert made.id not in [key.id for key in keys.list()]


def test_a_key_can_be_changed(admin: Admin) -> None:
    made = made_key(admin)
    path = f"/admin_api_keys/{made['id']}"
    assert status_of(admin, made) == 200
    changed = admin.post(path, name="third", enabled=False, expires_at=NOW + 5)
    assert (changed["name"], changed["status"], changed["expires_at"]) == ("third", "disabled", NOW + 5)
    assert status_of(admin, made) == 401
    assert admin.post(path, enabled=True, expires_at=None)["status"] == "active"
    assert status_of(admin, made) == 200


def test_a_key_can_revoke_itself(admin: Admin) -> None:
    made = made_key(admin)
    path, headers = f"/v1/organization/admin_api_keys/{made['id']}", {"authorization": f"Bearer {made['value']}"}
    with admin.served.http(headers=headers) as itself:
        assert itself.delete(path).json() == {
            "id": made["id"],
            "object": "organization.admin_api_key.deleted",
            "deleted": True,
        }
        assert itself.get(path).json()["error"]["code"] == "revoked_api_key"
    assert admin.get(f"/admin_api_keys/{made['id']}")["status"] == "revoked"
    assert made["id"] in [key["id"] for key in admin.get("/admin_api_keys", include_revoked="true", limit=100)["data"]]


@pytest.mark.parametrize(
    "fields, param",
    [
        ({"name": ""}, "name"),
        ({"expires_at": NOW - 1}, "expires_at"),
        ({"expires_in_seconds": 0}, "expires_in_seconds"),
        ({"scopes": {}}, "scopes"),
        ({"limits": {}}, "limits"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(admin: Admin, fields: dict[str, Any], param: str) -> None:
    made = made_key(admin)
    events = admin.events()
    assert admin.refused("POST", "/admin_api_keys", json={"name": "new", **fields})["param"] == param
    assert admin.refused("POST", f"/admin_api_keys/{made['id']}", json=fields)["param"] == param
    assert admin.events() == events


def test_a_key_that_does_not_exist(admin: Admin) -> None:
    project = admin.project()
    of_a_project = admin.post(f"/projects/{project}/api_keys", name="x")["id"]
    for key_id in ("key_none", of_a_project):
        for method, body in [("GET", None), ("POST", {"name": "x"}), ("DELETE", None)]:
            error = admin.refused(method, f"/admin_api_keys/{key_id}", 404, json=body)
            assert (error["param"], error["code"]) == ("key_id", "key_not_found")
    assert admin.refused("GET", "/admin_api_keys", 404, params={"after": "key_none"})["param"] == "after"


def test_every_action_is_in_the_audit_log(admin: Admin) -> None:
    made = made_key(admin)
    admin.post(f"/admin_api_keys/{made['id']}", name="renamed")
    admin.delete(f"/admin_api_keys/{made['id']}")
    events = admin.events(**{"resource_ids[]": made["id"]})
    assert [event["type"].rpartition(".")[2] for event in events] == ["deleted", "updated", "created"]
    assert {event["project"] for event in events} == {None}
    assert made["value"] not in str(events)
