"""Sums of money, exact in any currency: as thousandths of it and a rest, neither of which fills 64 bits.

One integer of 10^-12 holds nine million: much for a request, but in Vietnamese dong a few hundred dollars for a month.
"""

from decimal import Decimal
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Label, func, type_coerce

from ossian.storage.columns import MONEY_UNITS

THOUSANDTH: Final = MONEY_UNITS // 1000


def units_of(amount: Decimal) -> tuple[int, int]:
    """Return an amount's thousandths and its rest in units of 10^-12."""
    return divmod(round(amount * MONEY_UNITS), THOUSANDTH)


def amount_of(thousandths: int | Decimal, rest: int | Decimal) -> Decimal:
    """Return the amount of two sums, as databases return them."""
    return Decimal(int(thousandths) * THOUSANDTH + int(rest)) / MONEY_UNITS


def sums_of_cost(column: ColumnElement[Decimal]) -> tuple[Label[Any], Label[Any]]:
    """Return the two sums of a column of amounts."""
    units = type_coerce(column, BigInteger)
    return sum_of(units // THOUSANDTH).label("thousandths"), sum_of(units % THOUSANDTH).label("rest")


def sum_of(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the sum of a column, 0 of no rows."""
    return func.coalesce(func.sum(column), 0)
