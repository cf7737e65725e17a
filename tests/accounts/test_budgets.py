import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.accounts.budgets import MAX_AMOUNT, MAX_DECIMALS, PERIODS, Budget
from ossian.accounts.periods import Period, end_of, start_of
from ossian.errors import BudgetSpentError, InvalidRequestError

NOW = datetime(2026, 11, 21, 10, 30, tzinfo=UTC).timestamp()  # a Saturday
AMOUNTS = st.decimals(0, MAX_AMOUNT, places=MAX_DECIMALS)
BUDGETS = st.builds(Budget, AMOUNTS, st.none() | st.sampled_from(PERIODS))


@given(BUDGETS, AMOUNTS, st.floats(0, 4_000_000_000))
def test_a_budget_lets_pass_while_something_is_left(budget: Budget, spent: Decimal, now: float) -> None:
    if spent < budget.amount:
        budget.check(spent, now, "project 'demo'")
    else:
        with pytest.raises(BudgetSpentError) as caught:
            budget.check(spent, now, "project 'demo'")
        assert (caught.value.retry_after is None) == (budget.period is None)


@given(st.sampled_from(PERIODS), st.floats(0, 4_000_000_000))
def test_after_the_time_that_is_told_the_budget_has_begun_anew(period: Period, now: float) -> None:
    budget = Budget(Decimal(1), period)
    with pytest.raises(BudgetSpentError) as caught:
        budget.check(Decimal(1), now, "project 'demo'")
    wait = caught.value.retry_after
    assert wait is not None
    assert wait >= 1
    assert budget.starts_at(now + wait) == budget.resets_at(now)
    assert now + wait - end_of(period, now) < 1.001


def test_a_budget_counts_from_the_beginning_of_its_period() -> None:
    assert Budget(Decimal(1), Period.WEEK).starts_at(NOW) == start_of(Period.WEEK, NOW)
    assert Budget(Decimal(1), Period.WEEK).resets_at(NOW) == end_of(Period.WEEK, NOW)
    assert Budget(Decimal(1)).starts_at(NOW) == 0
    assert Budget(Decimal(1)).resets_at(NOW) is None


def test_a_spent_budget_says_the_amount_and_when_it_begins_anew() -> None:
    with pytest.raises(BudgetSpentError) as caught:
        Budget(Decimal("12.50"), Period.MONTH).check(Decimal("12.5"), NOW, "project 'demo'", "EUR")
    assert caught.value.message == (
        "The budget of project 'demo', 12.50 EUR a month, is spent; it begins anew on 2026-12-01 at 00:00 UTC. "
        "Wait, or ask the operator to raise it."
    )
    assert (caught.value.status, caught.value.code) == (429, "insufficient_quota")
    assert caught.value.retry_after == 9 * 86_400 + 13 * 3600 + 1800


def test_a_budget_without_a_period_never_begins_anew() -> None:
    with pytest.raises(BudgetSpentError) as caught:
        Budget(Decimal(5)).check(Decimal(7), NOW, "API key 'laptop'")
    expected = "The budget of API key 'laptop', 5 USD, is spent. Ask this server's operator to raise it."
    assert (caught.value.message, caught.value.retry_after) == (expected, None)


def test_a_budget_of_nothing_is_spent_from_the_start() -> None:
    with pytest.raises(BudgetSpentError):
        Budget(Decimal(0)).check(Decimal(0), NOW, "project 'demo'")


@given(BUDGETS)
def test_budgets_survive_json(budget: Budget) -> None:
    assert Budget.from_json(json.loads(json.dumps(budget.to_json()))) == budget


@pytest.mark.parametrize(
    "body, amount, period",
    [
        ({"amount": 25}, "25", None),
        ({"amount": 0.1}, "0.1", None),
        ({"amount": "12.50", "period": "day"}, "12.50", Period.DAY),
        ({"amount": "1e3", "period": "none"}, "1000", None),
        ({"amount": MAX_AMOUNT, "period": None}, str(MAX_AMOUNT), None),
    ],
)
def test_budgets_as_administrators_write_them(body: object, amount: str, period: Period | None) -> None:
    assert Budget.from_json(body) == Budget(Decimal(amount), period)


@pytest.mark.parametrize(
    "body, param",
    [
        (5, "budget"),
        ({}, "budget"),
        ({"amount": 1, "reset": "day"}, "budget"),
        ({"amount": -1}, "budget.amount"),
        ({"amount": MAX_AMOUNT + 1}, "budget.amount"),
        ({"amount": "0.000000001"}, "budget.amount"),
        ({"amount": "NaN"}, "budget.amount"),
        ({"amount": "Infinity"}, "budget.amount"),
        ({"amount": float("inf")}, "budget.amount"),
        ({"amount": "much"}, "budget.amount"),
        ({"amount": True}, "budget.amount"),
        ({"amount": None}, "budget.amount"),
        ({"amount": []}, "budget.amount"),
        ({"amount": 1, "period": "hour"}, "budget.period"),
        ({"amount": 1, "period": "year"}, "budget.period"),
        ({"amount": 1, "period": {}}, "budget.period"),
    ],
)
def test_errors_name_the_field(body: object, param: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"'{param}' must be") as caught:
        Budget.from_json(body)
    assert caught.value.param == param
