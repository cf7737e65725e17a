"""What an administrator may write, and how the rest is refused."""

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.accounts.budgets import Budget
from ossian.accounts.changes import (
    MAX_DESCRIPTION,
    MAX_NAME,
    MAX_TIME,
    admin_key_changes,
    key_changes,
    merged_limits,
    model_id,
    project_changes,
)
from ossian.accounts.limits import Limits
from ossian.accounts.periods import Period
from ossian.accounts.scopes import EVERYTHING, Endpoint, Scopes
from ossian.errors import InvalidRequestError

NOW = 1000.5


def refusal(*arguments: Any, read: Any = key_changes) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        read(*arguments)
    return caught.value


def test_what_is_given_is_read_and_nothing_else() -> None:
    assert key_changes({}, NOW) == {}
    assert key_changes(
        {
            "name": " Ada’s laptop ☕ ",
            "description": "two\nlines",
            "expires_at": 1001,
            "is_enabled": False,
            "scopes": {"endpoints": ["files"]},
            "limits": {"tokens_per_minute": 0},
            "budget": {"amount": "0.5", "period": "day"},
        },
        NOW,
    ) == {
        "name": "Ada’s laptop ☕",
        "description": "two\nlines",
        "expires_at": 1001,
        "is_enabled": False,
        "scopes": Scopes(frozenset({Endpoint.FILES})),
        "limits": Limits(tokens_per_minute=0),
        "budget": Budget(Decimal("0.5"), Period.DAY),
    }


def test_null_takes_away() -> None:
    given = dict.fromkeys(["description", "expires_at", "scopes", "limits", "budget"])
    assert key_changes(given, NOW) == {**given, "description": "", "scopes": EVERYTHING}
    given = dict.fromkeys(["limits", "model_limits", "budget"])
    assert project_changes(given, NOW) == {**given, "model_limits": {}}


def test_a_project_has_limits_by_model() -> None:
    given = {"model_limits": {"gpt-oss-20b": {"requests_per_minute": 1}, "gpt-oss-120b": {}}}
    assert project_changes(given, NOW) == {
        "model_limits": {"gpt-oss-20b": Limits(requests_per_minute=1), "gpt-oss-120b": Limits()}
    }


@pytest.mark.parametrize(
    "given, param",
    [
        ({"name": None}, "name"),
        ({"name": 7}, "name"),
        ({"name": ""}, "name"),
        ({"name": "\u200b"}, "name"),
        ({"name": "a\x1b[31m"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"name": "x" * (MAX_NAME + 1)}, "name"),
        ({"description": 7}, "description"),
        ({"description": "\0"}, "description"),
        ({"description": "x" * (MAX_DESCRIPTION + 1)}, "description"),
        ({"expires_at": 1000}, "expires_at"),
        ({"expires_at": 2000.5}, "expires_at"),
        ({"expires_at": True}, "expires_at"),
        ({"expires_at": MAX_TIME + 1}, "expires_at"),
        ({"expires_at": float("nan")}, "expires_at"),
        ({"is_enabled": None}, "is_enabled"),
        ({"is_enabled": "no"}, "is_enabled"),
        ({"scopes": ["files"]}, "scopes"),
        ({"scopes": {"endpoints": ["everything"]}}, "scopes.endpoints"),
        ({"limits": {"requests_per_hour": 1}}, "limits.requests_per_hour"),
        ({"budget": 5}, "budget"),
        ({"id": "key_1"}, "id"),
        ({"project_id": "proj_2"}, "project_id"),
        ({"revoked_at": None}, "revoked_at"),
    ],
)
def test_what_is_wrong_is_named(given: dict[str, Any], param: str) -> None:
    assert refusal(given, NOW).param == param


@pytest.mark.parametrize(
    "given, param",
    [
        ({"model_limits": []}, "model_limits"),
        ({"model_limits": {"m": {"requests_per_minute": -1}}}, "model_limits.m.requests_per_minute"),
        ({"model_limits": {"m": 5}}, "model_limits.m"),
        ({"model_limits": {"": {}}}, "model_limits"),
        ({"scopes": {}}, "scopes"),
        ({"archived_at": 1}, "archived_at"),
    ],
)
def test_what_is_wrong_of_a_project_is_named(given: dict[str, Any], param: str) -> None:
    assert refusal(given, NOW, read=project_changes).param == param


@pytest.mark.parametrize("field", ["description", "scopes", "limits", "budget", "digest"])
def test_an_admin_key_has_a_name_and_an_expiry(field: str) -> None:
    assert refusal({field: None}, NOW, read=admin_key_changes).param == field
    assert set(admin_key_changes({"name": "root", "expires_at": None, "is_enabled": True}, NOW)) == {
        "name",
        "expires_at",
        "is_enabled",
    }


@given(st.text(), st.text(max_size=2000))
def test_whatever_is_accepted_can_be_stored_and_printed(name: str, description: str) -> None:
    with suppress(InvalidRequestError):
        assert key_changes({"name": name}, NOW)["name"].isprintable()
    with suppress(InvalidRequestError):
        text = key_changes({"description": description}, NOW)["description"]
        text.encode()
        assert "\0" not in text


def test_limits_that_are_not_given_stay() -> None:
    limits = Limits(requests_per_minute=5, concurrent_requests=2)
    assert merged_limits(limits, {}) == limits
    assert merged_limits(limits, {"requests_per_minute": None, "tokens_per_minute": 9}) == Limits(None, 9, 2)
    assert refusal(limits, {"x": 1}, read=merged_limits).param == "limits.x"


@pytest.mark.parametrize("text", ["", "a\nb", "x" * 257])
def test_what_can_be_no_model(text: str) -> None:
    assert refusal(text, read=model_id).param == "model_limits"
    assert model_id("openai/gpt-oss-20b") == "openai/gpt-oss-20b"
