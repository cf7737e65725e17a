"""/v1/organization/audit_logs, on both databases."""

from typing import Any

import pytest

from ossian.accounts.administration import Administration
from ossian.accounts.audit import Actor, ActorKind
from ossian.storage.database import Database
from tests.server.keys import in_database
from tests.server.routes.organization.conftest import Admin
from tests.server.serving import NOW


def test_openais_client_goes_through_all_pages(admin: Admin) -> None:
    made = [admin.project() for _ in range(5)]
    found = [event.id for event in admin.organization.audit_logs.list(limit=2, event_types=["project.created"])]
    listed = admin.events(event_types="project.created", limit=100)
    assert found == [event["id"] for event in listed]
    assert [event["project"]["id"] for event in listed][:5] == made[::-1]


def test_events_are_filtered(admin: Admin) -> None:
    project, other = admin.project(), admin.project()
    key = admin.post(f"/projects/{project}/api_keys", name="x")["id"]
    admin.post(f"/projects/{other}/archive")

    def types(**params: object) -> list[str]:
        return [event["type"] for event in admin.events(**params)]

    assert types(project_ids=project) == ["api_key.created", "project.created"]
    assert types(**{"project_ids[]": [project, other]}) == [
        "project.archived",
        "api_key.created",
        "project.created",
        "project.created",
    ]
    assert types(resource_ids=key) == ["api_key.created"]
    assert types(**{"event_types[]": "project.archived", "project_ids[]": [project, other]}) == ["project.archived"]
    assert set(types(actor_ids=admin.key.id, limit=100)) >= {"project.created", "api_key.created"}
    assert types(actor_ids="nobody") == []


@pytest.mark.parametrize("name, there", [("gt", False), ("gte", True), ("lt", False), ("lte", True)])
def test_events_are_filtered_by_their_time(admin: Admin, name: str, *, there: bool) -> None:
    """All are of the one second that the server's clock stands at."""
    project = admin.project()
    events = admin.events(project_ids=project, **{f"effective_at[{name}]": NOW})
    assert bool(events) is there
    log = admin.organization.audit_logs
    bound: Any = {name: NOW}
    assert bool(list(log.list(project_ids=[project], effective_at=bound))) is there


def test_what_was_done_on_the_server_is_there_too(admin: Admin) -> None:
    actor = Actor(ActorKind.CLI, "anna")

    async def work(database: Database) -> str:
        administration = Administration(database, b"p" * 32, lambda: NOW + 1.25, lambda prefix: f"{prefix}{actor.id}")
        return (await administration.create_project(actor, "by anna")).id

    project = in_database(admin.served, work)
    (event,) = admin.events(project_ids=project)
    assert (event["type"], event["effective_at"]) == ("project.created", NOW + 1)
    assert event["actor"] == {"type": "session", "session": {"user": {"id": "anna"}, "ip_address": ""}}


def test_the_address_is_that_of_the_client(admin: Admin) -> None:
    project = admin.project()
    (event,) = admin.events(project_ids=project)
    assert event["actor"]["type"] == "api_key"
    assert event["actor"]["api_key"]["ip_address"] == "127.0.0.1"


@pytest.mark.parametrize(
    "name, value, status",
    [
        ("limit", "0", 400),
        ("effective_at[gt]", "now", 400),
        ("actor_emails", "a@example.com", 400),
        ("before", "audit_1", 400),
        ("after", "audit_none", 404),
    ],
)
def test_what_is_wrong_is_named(admin: Admin, name: str, value: str, status: int) -> None:
    assert admin.refused("GET", "/audit_logs", status, params={name: value})["param"] == name


def test_entries_cannot_be_changed(admin: Admin) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert admin.refused(method, "/audit_logs", 405)["code"] == "method_not_allowed"
        (event, *_) = admin.events()
        assert admin.refused(method, f"/audit_logs/{event['id']}", 404)["code"] == "unknown_url"
