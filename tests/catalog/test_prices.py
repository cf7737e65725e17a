from decimal import ROUND_UP, Context, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.catalog.prices import cost
from ossian.settings import ModelPrices

SMALL = ModelPrices(input=Decimal("0.05"), output=Decimal("0.18"))
CACHED = ModelPrices(input=Decimal("0.05"), cached_input=Decimal("0.01"), output=Decimal("0.18"))

PRICES = st.decimals(0, Decimal("99999999.99999999"), places=8)
COUNTS = st.integers(0, 10**15)


def turn(prices: ModelPrices, num_input: int, num_cached: int, num_output: int) -> Decimal:
    return cost(prices, num_input_tokens=num_input, num_cached_tokens=num_cached, num_output_tokens=num_output)


@pytest.mark.parametrize(
    "prices, counts, expected",
    [
        (SMALL, (1_000_000, 0, 0), "0.05"),
        (SMALL, (0, 0, 1_000_000), "0.18"),
        (SMALL, (1, 0, 0), "0.00000005"),
        (SMALL, (42, 0, 8), "0.00000354"),
        (SMALL, (1000, 900, 0), "0.00005"),  # no price for cached tokens: as the others
        (CACHED, (1000, 900, 0), "0.000014"),
        (CACHED, (1000, 1000, 1), "0.00001018"),
        (ModelPrices(), (10**9, 5, 10**9), "0"),
        (SMALL, (0, 0, 0), "0"),
    ],
)
def test_what_a_turn_costs(prices: ModelPrices, counts: tuple[int, int, int], expected: str) -> None:
    assert turn(prices, *counts) == Decimal(expected)


@given(PRICES, PRICES, PRICES, COUNTS, COUNTS, COUNTS)
def test_costs_are_exact(
    input_price: Decimal, cached_price: Decimal, output_price: Decimal, fresh: int, cached: int, output: int
) -> None:
    prices = ModelPrices(input=input_price, cached_input=cached_price, output=output_price)
    with localcontext(Context(prec=3, rounding=ROUND_UP)):  # whatever the thread has set
        amount = turn(prices, fresh + cached, cached, output)
    exact = fresh * Fraction(input_price) + cached * Fraction(cached_price) + output * Fraction(output_price)
    assert Fraction(amount) == exact / 1_000_000


@given(COUNTS, COUNTS)
def test_two_turns_cost_as_much_as_one_of_both(first: int, second: int) -> None:
    assert turn(SMALL, first, 0, second) + turn(SMALL, second, 0, first) == turn(
        SMALL, first + second, 0, first + second
    )


@pytest.mark.parametrize("counts", [(1, 2, 0), (-1, 0, 0), (0, -1, 0), (5, 0, -1)])
def test_counts_that_cannot_be(counts: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match=f"{counts[1]} of {counts[0]} input tokens cached, {counts[2]} output"):
        turn(SMALL, *counts)


def test_cached_input_costs_as_much_as_other_input_unless_it_has_a_price() -> None:
    assert SMALL.cached_input_price == Decimal("0.05")
    assert CACHED.cached_input_price == Decimal("0.01")
    assert ModelPrices(input=Decimal(1), cached_input=Decimal(0)).cached_input_price == 0
