from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.api.money import per_token, plain

PRICES = st.decimals(0, Decimal("99999999.99999999"), places=8)


@pytest.mark.parametrize(
    "price, expected",
    [("0.05", "0.00000005"), ("0.18", "0.00000018"), ("0", "0"), ("0.00", "0"), ("2", "0.000002"), ("1E+6", "1")],
)
def test_prices_of_one_token_have_no_exponent(price: str, expected: str) -> None:
    assert per_token(Decimal(price)) == expected


@pytest.mark.parametrize("amount, expected", [("0.150", "0.15"), ("100", "100"), ("1E+2", "100"), ("0E-8", "0")])
def test_amounts_are_plain(amount: str, expected: str) -> None:
    assert plain(Decimal(amount)) == expected


@given(PRICES)
def test_a_price_can_be_read_back(price: Decimal) -> None:
    assert Decimal(per_token(price)) * 1_000_000 == price
    assert "E" not in per_token(price)
