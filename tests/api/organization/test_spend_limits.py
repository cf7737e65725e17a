from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.accounts.budgets import Budget
from ossian.api.organization.spend_limits import (
    MAX_AMOUNT,
    UpdateSpendLimitRequest,
    budget_of,
    deleted_body,
    spend_limit_body,
)
from ossian.api.validation import checked
from ossian.errors import InvalidRequestError

RIGHT = {"threshold_amount": 1250, "currency": "USD", "interval": "month"}


def asked(**changes: Any) -> UpdateSpendLimitRequest:
    return checked({**RIGHT, **changes}, UpdateSpendLimitRequest)


def test_hundredths_become_an_amount() -> None:
    assert budget_of(asked(), "USD") == {"amount": "12.50", "period": "month"}


@given(st.integers(0, MAX_AMOUNT), st.sampled_from(["day", "week", "month", "none"]))
def test_what_is_asked_for_is_what_is_shown(amount: int, interval: str) -> None:
    budget = Budget.from_json(budget_of(asked(threshold_amount=amount, interval=interval), "USD"))
    body = spend_limit_body(budget.to_json(), "USD", is_spent=False)
    assert (body["threshold_amount"], body["interval"], body["currency"]) == (amount, interval, "USD")


def test_what_hundredths_cannot_say_is_in_the_amount() -> None:
    body = spend_limit_body({"amount": "0.12345", "period": "none"}, "EUR", is_spent=True)
    assert (body["threshold_amount"], body["amount"]) == (12, "0.12345")
    assert body["enforcement"] == {"status": "enforcing"}


@pytest.mark.parametrize(
    "name, value",
    [("threshold_amount", -1), ("threshold_amount", 1.5), ("threshold_amount", MAX_AMOUNT + 1), ("interval", "year")],
)
def test_what_is_wrong_is_named(name: str, value: object) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        asked(**{name: value})
    assert caught.value.param == name


def test_another_currency_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="expected 'EUR'") as caught:
        budget_of(asked(), "EUR")
    assert (caught.value.param, caught.value.code) == ("currency", "invalid_value")


def test_a_deletion() -> None:
    assert deleted_body() == {"object": "project.spend_limit.deleted", "deleted": True}
