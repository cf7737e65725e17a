"""Sums of money that fit two integers."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ossian.storage.amounts import THOUSANDTH, amount_of, units_of

amounts = st.decimals(0, 10**9, places=12)


@given(amounts)
def test_an_amount_comes_back_as_it_was(amount: Decimal) -> None:
    thousandths, rest = units_of(amount)
    assert 0 <= rest < THOUSANDTH
    assert amount_of(thousandths, rest) == amount


@given(st.lists(amounts, max_size=20))
def test_sums_of_the_parts_are_the_parts_of_the_sum(amounts: list[Decimal]) -> None:
    parts = [units_of(amount) for amount in amounts]
    assert amount_of(sum(part[0] for part in parts), sum(part[1] for part in parts)) == sum(amounts)


def test_what_is_smaller_than_the_units_is_rounded() -> None:
    assert amount_of(*units_of(Decimal("0.0000000000016"))) == Decimal("0.000000000002")
