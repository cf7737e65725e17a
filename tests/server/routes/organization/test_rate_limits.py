"""/v1/organization/projects/{id}/rate_limits, on both databases."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from openai import BadRequestError, NotFoundError

from ossian.api.organization.rate_limits import NO_LIMIT
from tests.server.keys import make_admin_key
from tests.server.routes.organization.conftest import Admin
from tests.server.serving import MODEL, Served, scripted, serving

OWN = {"requests_per_minute": 60, "tokens_per_minute": None, "concurrent_requests": 4}


def test_each_model_has_the_limits_of_the_project(admin: Admin) -> None:
    project = admin.project(limits=OWN)
    listed = admin.get(f"/projects/{project}/rate_limits")["data"]
    assert [each["id"] for each in listed] == sorted(each["id"] for each in listed)
    assert {
        "id": f"rl-{MODEL}",
        "object": "project.rate_limit",
        "model": MODEL,
        "max_requests_per_1_minute": 60,
        "max_tokens_per_1_minute": NO_LIMIT,
        "max_concurrent_requests": 4,
    } in listed


def test_openais_client_changes_the_limits_of_a_model(admin: Admin) -> None:
    project = admin.project(limits=OWN)
    rate_limits = admin.organization.projects.rate_limits
    changed = rate_limits.update_rate_limit(f"rl-{MODEL}", project_id=project, max_tokens_per_1_minute=1000)
    assert (changed.max_requests_per_1_minute, changed.max_tokens_per_1_minute) == (60, 1000)
    assert changed in list(rate_limits.list_rate_limits(project, limit=1))
    kept = admin.get(f"/projects/{project}")
    assert kept["model_limits"] == {MODEL: {**OWN, "tokens_per_minute": 1000}}
    assert kept["limits"] == OWN


def test_null_is_no_limit(admin: Admin) -> None:
    project = admin.project(limits=OWN)
    changed = admin.post(f"/projects/{project}/rate_limits/rl-{MODEL}", max_requests_per_1_minute=None)
    assert (changed["max_requests_per_1_minute"], changed["max_concurrent_requests"]) == (NO_LIMIT, 4)


def test_a_model_can_have_the_projects_limits_again(admin: Admin) -> None:
    project = admin.project(limits=OWN)
    path = f"/projects/{project}/rate_limits/rl-{MODEL}"
    admin.post(path, max_requests_per_1_minute=1)
    assert admin.delete(path) == {"id": f"rl-{MODEL}", "object": "project.rate_limit.deleted", "deleted": True}
    assert admin.get(f"/projects/{project}")["model_limits"] == {}
    types = [event["type"] for event in admin.events(**{"project_ids": project})]
    assert types == ["rate_limit.deleted", "rate_limit.updated", "project.created"]


def test_a_model_with_a_slash_that_is_not_served_any_more(admin: Admin) -> None:
    limits = {"tokens_per_minute": 7}
    project = admin.project(model_limits={"publisher/model": limits})
    changed = admin.organization.projects.rate_limits.update_rate_limit(
        "rl-publisher/model", project_id=project, max_requests_per_1_minute=3
    )
    assert (changed.model, changed.max_tokens_per_1_minute) == ("publisher/model", 7)
    admin.delete(f"/projects/{project}/rate_limits/rl-publisher/model")
    error = admin.refused("DELETE", f"/projects/{project}/rate_limits/rl-publisher/model", 404)
    assert (error["param"], error["code"]) == ("rate_limit_id", "rate_limit_not_found")


def test_pages(admin: Admin) -> None:
    project = admin.project(model_limits={name: {} for name in ("a", "b", "zz")})
    path = f"/projects/{project}/rate_limits"
    everything = [each["id"] for each in admin.get(path)["data"]]
    assert {"rl-a", "rl-b", "rl-zz", f"rl-{MODEL}"} <= set(everything)
    page = admin.get(path, limit=1, after="rl-a")
    assert (page["first_id"], page["has_more"]) == ("rl-b", True)
    assert [each["id"] for each in admin.get(path, order="desc")["data"]] == everything[::-1]
    error = admin.refused("GET", path, 404, params={"after": "rl-none"})
    assert (error["param"], error["code"]) == ("after", "rate_limit_not_found")


@pytest.mark.parametrize(
    "fields, param",
    [
        ({}, "max_requests_per_1_minute"),
        ({"max_requests_per_1_minute": -1}, "max_requests_per_1_minute"),
        ({"max_images_per_1_minute": 5}, "max_images_per_1_minute"),
        ({"max_requests_per_1_day": 5}, "max_requests_per_1_day"),
        ({"requests_per_minute": 5}, "requests_per_minute"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(admin: Admin, fields: dict[str, Any], param: str) -> None:
    project = admin.project()
    assert admin.refused("POST", f"/projects/{project}/rate_limits/rl-{MODEL}", json=fields)["param"] == param
    assert admin.get(f"/projects/{project}")["model_limits"] == {}


def test_a_model_that_does_not_exist(admin: Admin) -> None:
    rate_limits, project = admin.organization.projects.rate_limits, admin.project()
    for name in ("rl-gpt-17", MODEL):
        with pytest.raises(NotFoundError, match="'rl-MODEL'"):
            rate_limits.update_rate_limit(name, project_id=project, max_requests_per_1_minute=1)
    admin.post(f"/projects/{project}/archive")
    with pytest.raises(BadRequestError, match="archived"):
        rate_limits.update_rate_limit(f"rl-{MODEL}", project_id=project, max_requests_per_1_minute=1)


@pytest.fixture(scope="module")
def hosted() -> Iterator[Served]:
    with serving(scripted(), sections={"limits": {"profile": "hosted"}}) as served:
        yield served


def test_the_servers_own_limits_are_seen_and_built_upon(hosted: Served) -> None:
    with hosted.http(headers=make_admin_key(hosted).headers) as http:
        project = http.post("/v1/organization/projects", json={"name": "a"}).json()["id"]
        path = f"/v1/organization/projects/{project}/rate_limits"
        assert {each["max_requests_per_1_minute"] for each in http.get(path).json()["data"]} == {400}
        http.post(f"{path}/rl-{MODEL}", json={"max_tokens_per_1_minute": 5})
        limits = http.get(f"/v1/organization/projects/{project}").json()["model_limits"][MODEL]
        assert limits == {"requests_per_minute": 400, "tokens_per_minute": 5, "concurrent_requests": None}


def test_changes_at_once_are_all_kept(admin: Admin) -> None:
    names = [f"model {number}" for number in range(16)]
    project = admin.project(model_limits={name: {} for name in names})

    def change(name: str) -> None:
        admin.post(f"/projects/{project}/rate_limits/rl-{name}", max_requests_per_1_minute=len(name))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(change, names))
    kept = admin.get(f"/projects/{project}")["model_limits"]
    assert {name: limits["requests_per_minute"] for name, limits in kept.items()} == {name: len(name) for name in names}
    assert len(admin.events(project_ids=project, event_types="rate_limit.updated", limit=100)) == len(names)
