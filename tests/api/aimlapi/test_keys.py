from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from ossian.api.aimlapi.keys import KeyChangeRequest, KeyRequest, budget_of, key_body, scopes_of
from ossian.api.validation import checked
from ossian.errors import InvalidRequestError
from ossian.storage.account_records import StoredKey

KEY = StoredKey(
    id="key_1",
    project_id="proj_1",
    name="ci",
    prefix="sk-ossian-abc123",
    digest="0" * 64,
    created_at=1_763_680_000,
    scopes={"endpoints": ["chat.completions", "completions", "models", "usage"], "models": None},
    budget={"amount": "12.50", "period": "month"},
)


def test_a_key_as_that_service_shows_it() -> None:
    assert key_body(KEY, Decimal("0.25")) == {
        "name": "ci",
        "disabled": False,
        "prefix": "sk-ossian-abc123",
        "scopes": ["model:chat"],
        "limit": {"retention": "month", "threshold": 12.5},
        "created_at": "2025-11-20T23:06:40.000Z",
        "updated_at": "2025-11-20T23:06:40.000Z",
        "monthly_usage": 0.25,
    }


def test_a_new_key_has_its_secret() -> None:
    assert key_body(KEY, Decimal(0), "sk-ossian-secret")["key"] == "sk-ossian-secret"
    assert "digest" not in key_body(KEY, Decimal(0), "s")


def test_what_is_not_restricted_is_null() -> None:
    body = key_body(replace(KEY, scopes={}, budget=None, is_enabled=False), Decimal(0))
    assert (body["scopes"], body["limit"], body["disabled"]) == (None, None, True)


@pytest.mark.parametrize("listed", [None, [], ["model:chat"], ["model:responses"], ["model:chat", "model:responses"]])
def test_scopes_come_back_as_they_went_in(listed: list[str] | None) -> None:
    assert key_body(replace(KEY, scopes=scopes_of(listed)), Decimal(0))["scopes"] == listed


def test_other_endpoints_are_shown_by_our_names() -> None:
    scopes = {"endpoints": ["batches", "completions", "models"]}
    assert key_body(replace(KEY, scopes=scopes), Decimal(0))["scopes"] == ["batches", "completions"]


def test_a_scope_of_models_that_are_not_here_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match=r"no 'model:image' here\. There are: 'model:chat'") as raised:
        scopes_of(["model:image"])
    assert raised.value.param == "scopes"


@pytest.mark.parametrize("retention", ["no_reset", "day", "week", "month"])
def test_limits_come_back_as_they_went_in(retention: str) -> None:
    request = checked({"limit": {"retention": retention, "threshold": 25}}, KeyRequest)
    budget = budget_of(request.limit)
    assert budget is not None
    assert budget["amount"] == "25"
    assert key_body(replace(KEY, budget=budget), Decimal(0))["limit"] == {"retention": retention, "threshold": 25.0}


def test_no_limit_is_no_budget() -> None:
    assert budget_of(None) is None


@pytest.mark.parametrize(
    "body, param",
    [
        ({"limit": {"retention": "year", "threshold": 1}}, "limit.retention"),
        ({"limit": {"retention": "day", "threshold": -1}}, "limit.threshold"),
        ({"limit": {"retention": "day"}}, "limit.threshold"),
        ({"scopes": "model:chat"}, "scopes"),
        ({"disabled": True}, "disabled"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_a_wrong_request_is_told_where(body: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        checked(body, KeyRequest)
    assert raised.value.param == param


def test_a_change_knows_what_was_left_out() -> None:
    assert checked({"limit": None}, KeyChangeRequest).model_fields_set == {"limit"}
