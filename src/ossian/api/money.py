"""Amounts of money as they are written in answers: strings, exact, without an exponent."""

from decimal import Context, Decimal, Inexact
from typing import Final

_EXACT: Final = Context(prec=80, traps=[Inexact])
_PER_MILLION: Final = -6


def per_token(price: Decimal) -> str:
    """Return the price of one token, given that of a million: `0.00000005`, never `5E-8`."""
    return plain(price.scaleb(_PER_MILLION, _EXACT))


def plain(amount: Decimal) -> str:
    """Return an amount with all its digits and no trailing zeros: `0.15`, `100`."""
    return f"{amount.normalize(_EXACT):f}"
