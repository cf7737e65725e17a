"""/v1/organization/projects, on both databases."""

from typing import Any

import pytest
from openai import BadRequestError, NotFoundError

from tests.server.routes.organization.conftest import Admin
from tests.server.serving import NOW

LIMITS = {"requests_per_minute": 60, "tokens_per_minute": None, "concurrent_requests": 4}


def test_a_project_is_made_with_everything_it_can_have(admin: Admin) -> None:
    fields: dict[str, Any] = {
        "name": "everything",
        "limits": {"requests_per_minute": 60, "concurrent_requests": 4},
        "model_limits": {"m": {"tokens_per_minute": 5}},
        "budget": {"amount": 12.5, "period": "month"},
    }
    made = admin.post("/projects", **fields)
    assert made == {
        "id": made["id"],
        "object": "organization.project",
        "name": "everything",
        "created_at": NOW,
        "archived_at": None,
        "status": "active",
        "limits": LIMITS,
        "model_limits": {"m": {"requests_per_minute": None, "tokens_per_minute": 5, "concurrent_requests": None}},
        "budget": {"amount": "12.5", "period": "month"},
    }
    assert admin.get(f"/projects/{made['id']}") == made


def test_openais_client_makes_lists_changes_and_archives_projects(admin: Admin) -> None:
    projects = admin.organization.projects
    made = projects.create(name="of the client")
    assert projects.retrieve(made.id) == made
    changed = projects.update(made.id, name="renamed")
    assert (changed.id, changed.name) == (made.id, "renamed")
    assert made.id in [project.id for project in projects.list()]
    archived = projects.archive(made.id)
    assert (archived.status, archived.archived_at) == ("archived", NOW)
    assert made.id not in [project.id for project in projects.list()]
    assert made.id in [project.id for project in projects.list(include_archived=True)]
    assert projects.archive(made.id) == archived


def test_openais_client_goes_through_all_pages(admin: Admin) -> None:
    made = [admin.project() for _ in range(5)]
    projects = admin.organization.projects
    found = [project.id for project in projects.list(limit=2)]
    assert found[-5:] == made
    page = admin.get("/projects", limit=2)
    assert (page["first_id"], page["last_id"], page["has_more"]) == (*(each["id"] for each in page["data"]), True)
    backwards = admin.get("/projects", order="desc", limit=3)
    assert [project["id"] for project in backwards["data"]] == made[:1:-1]


def test_what_is_left_out_of_a_change_stays_and_null_goes_back(admin: Admin) -> None:
    project = admin.project(limits=LIMITS, budget={"amount": "5"})
    changed = admin.post(f"/projects/{project}", budget={"amount": "7", "period": "day"})
    assert (changed["limits"], changed["budget"]) == (LIMITS, {"amount": "7", "period": "day"})
    changed = admin.post(f"/projects/{project}", limits=None, name=None)
    assert (changed["limits"], changed["budget"]) == (None, {"amount": "7", "period": "day"})
    assert admin.post(f"/projects/{project}", budget=None, model_limits=None)["budget"] is None


@pytest.mark.parametrize(
    "fields, param",
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"name": 5}, "name"),
        ({"limits": {"requests_per_hour": 5}}, "limits.requests_per_hour"),
        ({"limits": {"requests_per_minute": -1}}, "limits.requests_per_minute"),
        ({"limits": []}, "limits"),
        ({"model_limits": {"m": {"tokens_per_minute": "many"}}}, "model_limits.m.tokens_per_minute"),
        ({"budget": {"amount": "much"}}, "budget.amount"),
        ({"budget": {"amount": "5", "period": "year"}}, "budget.period"),
        ({"residency": "eu"}, "residency"),
        ({"owner": "me"}, "owner"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named_and_nothing_is_changed(admin: Admin, fields: dict[str, Any], param: str) -> None:
    project = admin.project()
    before, events = admin.get(f"/projects/{project}"), admin.events()
    assert admin.refused("POST", "/projects", json={"name": "new", **fields})["param"] == param
    assert admin.refused("POST", f"/projects/{project}", json=fields)["param"] == param
    assert admin.get(f"/projects/{project}") == before
    assert admin.events() == events


def test_a_name_is_one_projects(admin: Admin) -> None:
    project = admin.project(name="taken")
    other = admin.project()
    for path in ("/projects", f"/projects/{other}"):
        error = admin.refused("POST", path, json={"name": "taken"})
        assert (error["param"], error["code"]) == ("name", "name_taken")
    admin.post(f"/projects/{project}/archive")
    assert admin.post(f"/projects/{other}", name="taken")["name"] == "taken"


def test_an_archived_project_does_not_change(admin: Admin) -> None:
    project = admin.project()
    admin.post(f"/projects/{project}/archive")
    with pytest.raises(BadRequestError, match="is archived"):
        admin.organization.projects.update(project, name="x")
    assert admin.refused("POST", f"/projects/{project}/api_keys", json={"name": "x"})["code"] == "project_archived"


def test_a_project_that_does_not_exist(admin: Admin) -> None:
    with pytest.raises(NotFoundError) as caught:
        admin.organization.projects.retrieve("proj_none")
    assert (caught.value.param, caught.value.code) == ("project_id", "project_not_found")
    for method, path in [("POST", ""), ("POST", "/archive"), ("GET", "/api_keys"), ("GET", "/rate_limits")]:
        error = admin.refused(method, f"/projects/proj_none{path}", 404, json={} if not path else None)
        assert (error["param"], error["code"]) == ("project_id", "project_not_found")
    error = admin.refused("GET", "/projects", 404, params={"after": "proj_none"})
    assert (error["param"], error["code"]) == ("after", "project_not_found")
    assert admin.refused("GET", "/projects", params={"before": "proj_none"})["param"] == "before"


def test_every_action_is_in_the_audit_log(admin: Admin) -> None:
    project = admin.project(name="watched", budget={"amount": "1"})
    admin.post(f"/projects/{project}", name="watched closely")
    admin.post(f"/projects/{project}/archive")
    events = admin.events(**{"resource_ids[]": project})
    assert [event["type"] for event in events] == ["project.archived", "project.updated", "project.created"]
    assert events[1]["project.updated"] == {"id": project, "changes_requested": {"name": "watched closely"}}
    assert events[2]["project.created"]["data"]["name"] == "watched"
    assert {event["actor"]["api_key"]["id"] for event in events} == {admin.key.id}
    assert {event["actor"]["api_key"]["ip_address"] for event in events} == {"127.0.0.1"}
    assert {event["project"]["id"] for event in events} == {project}
