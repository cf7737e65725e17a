from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ossian.api.aimlapi.amounts import amount_body, cost_headers, credits_of, meta


def test_a_dollar_is_two_million_credits() -> None:
    assert credits_of(Decimal(1)) == 2_000_000
    assert amount_body(Decimal("0.5")) == {"usd": 0.5, "credits": 1_000_000.0}
    assert meta(Decimal("0.00000828")) == {"usage": {"credits_used": 16.56, "usd_spent": 8.28e-06}}


def test_headers_are_exact_and_have_no_exponent() -> None:
    assert cost_headers(Decimal("0.00000005")) == {
        "x-aimlapi-credits-used": "0.1",
        "x-aimlapi-usd-spent": "0.00000005",
    }
    assert cost_headers(Decimal(0)) == {"x-aimlapi-credits-used": "0", "x-aimlapi-usd-spent": "0"}


@given(st.decimals(0, 10**6, places=12))
def test_the_headers_agree_with_each_other(amount: Decimal) -> None:
    headers = cost_headers(amount)
    assert Decimal(headers["x-aimlapi-credits-used"]) == 2_000_000 * Decimal(headers["x-aimlapi-usd-spent"])
