"""/v1/organization/projects/{id}/api_keys, on both databases."""

from typing import Any

import pytest
from openai import NotFoundError, OpenAI

from ossian.accounts.keys import KeyKind, kind_of, prefix_of
from tests.server.routes.organization.conftest import Admin
from tests.server.serving import NOW

NOTHING = {"endpoints": None, "models": None}


def made_key(admin: Admin, project: str, **fields: Any) -> dict[str, Any]:
    key: dict[str, Any] = admin.post(f"/projects/{project}/api_keys", **{"name": "laptop", **fields})
    return key


def status_of(admin: Admin, key: dict[str, Any]) -> int:
    """What a program with the key gets."""
    headers = {"authorization": f"Bearer {key['value']}"}
    return admin.served.get("/v1/models", headers=headers).status_code


def test_a_key_is_shown_once_and_opens_the_server(admin: Admin) -> None:
    project = admin.project(name="of the first key")
    made = made_key(admin, project)
    assert kind_of(made["value"]) is KeyKind.PROJECT
    assert status_of(admin, made) == 200
    kept = admin.get(f"/projects/{project}/api_keys/{made['id']}")
    assert {**made, "last_used_at": NOW} == {**kept, "last_used_at": NOW, "value": made["value"]}
    assert kept["redacted_value"] == f"{prefix_of(made['value'])}..."
    assert made["value"] not in admin.ask("GET", f"/projects/{project}/api_keys").text


def test_nothing_on_the_way_keeps_a_new_key(admin: Admin) -> None:
    for path in (f"/projects/{admin.project()}/api_keys", "/admin_api_keys"):
        assert admin.ask("POST", path, json={"name": "x"}).headers["cache-control"] == "no-store"


def test_a_key_has_openais_fields_and_ours(admin: Admin) -> None:
    project = admin.project(name="of a full key")
    fields = {
        "name": "nightly",
        "description": "of the nightly run",
        "expires_at": NOW + 1000,
        "scopes": {"endpoints": ["models", "chat.completions"]},
        "limits": {"requests_per_minute": 5},
        "budget": {"amount": "0.50", "period": "day"},
        "enabled": False,
    }
    made = made_key(admin, project, **fields)
    assert made == {
        "id": made["id"],
        "object": "organization.project.api_key",
        "name": "nightly",
        "redacted_value": made["redacted_value"],
        "created_at": NOW,
        "last_used_at": None,
        "expires_at": NOW + 1000,
        "owner": {
            "type": "service_account",
            "service_account": {"id": project, "name": "of a full key", "created_at": NOW, "role": "member"},
        },
        "owner_project_access": "active",
        "project_id": project,
        "description": "of the nightly run",
        "status": "disabled",
        "enabled": False,
        "revoked_at": None,
        "scopes": {"endpoints": ["chat.completions", "models"], "models": None},
        "limits": {"requests_per_minute": 5, "tokens_per_minute": None, "concurrent_requests": None},
        "budget": {"amount": "0.50", "period": "day"},
        "value": made["value"],
    }
    assert status_of(admin, made) == 401


def test_openais_client_lists_reads_changes_and_deletes_keys(admin: Admin) -> None:
    project = admin.project()
    made = [made_key(admin, project, name=f"key {number}") for number in range(5)]
    keys = admin.organization.projects.api_keys
    assert [key.name for key in keys.list(project, limit=2)] == [key["name"] for key in made]
    first = keys.retrieve(made[0]["id"], project_id=project)
    assert (first.name, first.redacted_value) == ("key 0", made[0]["redacted_value"])
    changed = keys.update(made[0]["id"], project_id=project, expires_in_seconds=60)
    assert changed.expires_at == NOW + 60
    deleted = keys.delete(made[0]["id"], project_id=project)
    assert (deleted.id, deleted.deleted) == (made[0]["id"], True)
    assert [key.name for key in keys.list(project)] == ["key 1", "key 2", "key 3", "key 4"]


def test_a_revoked_key_is_refused_at_once_and_can_still_be_read(admin: Admin) -> None:
    project = admin.project()
    made = made_key(admin, project)
    assert status_of(admin, made) == 200
    admin.delete(f"/projects/{project}/api_keys/{made['id']}")
    assert status_of(admin, made) == 401
    kept = admin.get(f"/projects/{project}/api_keys/{made['id']}")
    assert (kept["status"], kept["revoked_at"]) == ("revoked", NOW)
    assert admin.get(f"/projects/{project}/api_keys")["data"] == []
    (listed,) = admin.get(f"/projects/{project}/api_keys", include_revoked="true")["data"]
    assert listed == kept
    error = admin.refused("POST", f"/projects/{project}/api_keys/{made['id']}", json={"name": "x"})
    assert (error["param"], error["code"]) == ("key_id", "key_revoked")


def test_a_key_can_be_disabled_and_enabled_at_once(admin: Admin) -> None:
    project = admin.project()
    made = made_key(admin, project)
    path = f"/projects/{project}/api_keys/{made['id']}"
    assert status_of(admin, made) == 200
    assert admin.post(path, enabled=False)["status"] == "disabled"
    assert status_of(admin, made) == 401
    assert admin.post(path, enabled=True)["status"] == "active"
    assert status_of(admin, made) == 200


def test_the_keys_of_an_archived_project_are_refused_at_once(admin: Admin) -> None:
    project = admin.project()
    made = made_key(admin, project)
    assert status_of(admin, made) == 200
    admin.post(f"/projects/{project}/archive")
    assert status_of(admin, made) == 403
    assert admin.get(f"/projects/{project}/api_keys/{made['id']}")["owner_project_access"] == "inactive"


def test_scopes_count_at_once(admin: Admin) -> None:
    project = admin.project()
    made = made_key(admin, project)
    path = f"/projects/{project}/api_keys/{made['id']}"
    assert status_of(admin, made) == 200
    assert admin.post(path, scopes={"endpoints": ["responses"]})["scopes"]["endpoints"] == ["responses"]
    assert status_of(admin, made) == 403
    assert admin.post(path, scopes=None)["scopes"] == NOTHING
    assert status_of(admin, made) == 200


def test_what_is_left_out_of_a_change_stays(admin: Admin) -> None:
    project = admin.project()
    fields = {"description": "d", "expires_at": NOW + 9, "limits": {"tokens_per_minute": 1}, "budget": {"amount": "1"}}
    made = made_key(admin, project, **fields)
    path = f"/projects/{project}/api_keys/{made['id']}"
    changed = admin.post(path, name="other")
    assert {**changed, "name": "laptop", "value": made["value"]} == made
    cleared = admin.post(path, description=None, expires_at=None, limits=None, budget=None)
    assert [cleared[name] for name in fields] == ["", None, None, None]


@pytest.mark.parametrize(
    "fields, param",
    [
        ({"name": " "}, "name"),
        ({"description": "x" * 1001}, "description"),
        ({"expires_at": NOW}, "expires_at"),
        ({"expires_at": NOW + 1, "expires_in_seconds": 1}, "expires_in_seconds"),
        ({"scopes": ["api.all.read"]}, "scopes"),
        ({"scopes": {"endpoints": ["everything"]}}, "scopes.endpoints"),
        ({"scopes": {"ips": []}}, "scopes.ips"),
        ({"limits": {"concurrent_requests": 0.5}}, "limits.concurrent_requests"),
        ({"budget": {"amount": -1}}, "budget.amount"),
        ({"enabled": "no"}, "enabled"),
        ({"value": "sk-ossian-mine"}, "value"),
        ({"project_id": "proj_other"}, "project_id"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named_and_nothing_is_changed(admin: Admin, fields: dict[str, Any], param: str) -> None:
    project = admin.project()
    made = made_key(admin, project)
    path = f"/projects/{project}/api_keys"
    before, events = admin.get(path), admin.events()
    assert admin.refused("POST", path, json={"name": "new", **fields})["param"] == param
    assert admin.refused("POST", f"{path}/{made['id']}", json=fields)["param"] == param
    assert admin.get(path) == before
    assert admin.events() == events


def test_another_projects_key_does_not_exist(admin: Admin) -> None:
    mine, other = admin.project(), admin.project()
    made = made_key(admin, other)
    path = f"/projects/{mine}/api_keys/{made['id']}"
    for method, body in [("GET", None), ("POST", {"name": "x"}), ("DELETE", None)]:
        error = admin.refused(method, path, 404, json=body)
        assert (error["param"], error["code"]) == ("key_id", "key_not_found")
    with pytest.raises(NotFoundError):
        admin.organization.projects.api_keys.delete(admin.key.id, project_id=mine)
    assert status_of(admin, made) == 200


def test_a_page_after_a_key_that_does_not_exist(admin: Admin) -> None:
    error = admin.refused("GET", f"/projects/{admin.project()}/api_keys", 404, params={"after": "key_none"})
    assert (error["param"], error["code"]) == ("after", "key_not_found")


def test_a_key_without_a_name_is_not_made(admin: Admin) -> None:
    error = admin.refused("POST", f"/projects/{admin.project()}/api_keys", json={})
    assert (error["param"], error["code"]) == ("name", "missing_required_parameter")


def test_every_action_is_in_the_audit_log_and_no_secret(admin: Admin) -> None:
    project = admin.project()
    made = made_key(admin, project, description="of mine")
    admin.post(f"/projects/{project}/api_keys/{made['id']}", enabled=False)
    admin.delete(f"/projects/{project}/api_keys/{made['id']}")
    admin.delete(f"/projects/{project}/api_keys/{made['id']}")
    events = admin.events(**{"resource_ids[]": made["id"]})
    assert [event["type"] for event in events] == ["api_key.deleted", "api_key.updated", "api_key.created"]
    assert events[1]["api_key.updated"]["changes_requested"] == {"enabled": False}
    assert events[2]["api_key.created"]["data"]["description"] == "of mine"
    assert {event["project"]["id"] for event in events} == {project}
    text = admin.ask("GET", "/audit_logs", params={"limit": 100}).text
    assert made["value"] not in text
    assert "digest" not in text


def test_a_new_key_works_with_openais_client(admin: Admin) -> None:
    made = made_key(admin, admin.project())
    with OpenAI(base_url=f"{admin.served.url}/v1", api_key=made["value"], max_retries=0) as client:
        assert [model.id for model in client.models.list()] == ["ossian-nano"]
