"""/v1/organization/projects/{id}/spend_limit, on both databases."""

from dataclasses import replace
from decimal import Decimal

import pytest
from openai import BadRequestError, NotFoundError

from tests.api.organization.records import REQUEST
from tests.server.keys import in_database
from tests.server.routes.organization.conftest import Admin
from tests.server.serving import NOW


def test_openais_client_sets_reads_and_deletes_a_budget(admin: Admin) -> None:
    project, limits = admin.project(), admin.organization.projects.spend_limit
    made = limits.update(project, currency="USD", interval="month", threshold_amount=1250)
    assert (made.threshold_amount, made.interval, made.enforcement.status) == (1250, "month", "inactive")
    assert limits.retrieve(project) == made
    assert admin.get(f"/projects/{project}")["budget"] == {"amount": "12.50", "period": "month"}
    assert limits.delete(project).deleted
    assert admin.get(f"/projects/{project}")["budget"] is None
    types = [event["type"] for event in admin.events(project_ids=project)]
    assert types == ["project.updated", "project.updated", "project.created"]


def test_a_budget_that_is_spent_is_enforced(admin: Admin) -> None:
    project = admin.project(budget={"amount": "0.5", "period": "day"})
    assert admin.get(f"/projects/{project}/spend_limit")["enforcement"] == {"status": "inactive"}
    request = replace(REQUEST, id=f"of_{project}", project_id=project, started_at=NOW, cost=Decimal("0.5"))
    in_database(admin.served, lambda database: database.usage.append([request]))
    assert admin.get(f"/projects/{project}/spend_limit") == {
        "object": "project.spend_limit",
        "threshold_amount": 50,
        "currency": "USD",
        "interval": "day",
        "enforcement": {"status": "enforcing"},
        "amount": "0.5",
    }


def test_a_project_without_a_budget(admin: Admin) -> None:
    project, limits = admin.project(), admin.organization.projects.spend_limit
    for call in (limits.retrieve, limits.delete):
        with pytest.raises(NotFoundError) as caught:
            call(project)
        assert (caught.value.param, caught.value.code) == ("project_id", "spend_limit_not_found")
    with pytest.raises(NotFoundError) as caught:
        limits.retrieve("proj_none")
    assert caught.value.code == "project_not_found"


def test_what_is_wrong_is_named(admin: Admin) -> None:
    project = admin.project()
    with pytest.raises(BadRequestError) as caught:
        admin.organization.projects.spend_limit.update(
            project,
            currency="EUR",  # type: ignore[arg-type]
            interval="month",
            threshold_amount=5,
        )
    assert caught.value.param == "currency"
    for name in ("threshold_amount", "currency", "interval"):
        body = {"threshold_amount": 5, "currency": "USD", "interval": "month"}
        del body[name]
        assert admin.refused("POST", f"/projects/{project}/spend_limit", json=body)["param"] == name
    assert admin.get(f"/projects/{project}")["budget"] is None
