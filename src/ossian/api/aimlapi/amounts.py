"""Amounts of money as AI/ML API writes them: JSON numbers, in USD and in credits."""

from decimal import Decimal
from typing import Final

from ossian.api.fields import JsonObject
from ossian.api.money import plain

CREDITS_PER_USD: Final = 2_000_000


def credits_of(amount: Decimal) -> Decimal:
    """Return an amount in USD as credits."""
    return amount * CREDITS_PER_USD


def amount_body(amount: Decimal) -> JsonObject:
    """Return an amount in both units, as it stands in logs and transactions."""
    return {"usd": float(amount), "credits": float(credits_of(amount))}


def meta(amount: Decimal) -> JsonObject:
    """Return what an answer says of its own cost."""
    return {"usage": {"credits_used": float(credits_of(amount)), "usd_spent": float(amount)}}


def cost_headers(amount: Decimal) -> dict[str, str]:
    """Return the headers of an answer that is not streamed: exact, without an exponent."""
    return {"x-aimlapi-credits-used": plain(credits_of(amount)), "x-aimlapi-usd-spent": plain(amount)}
