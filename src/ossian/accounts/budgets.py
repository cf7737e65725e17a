"""Budgets: how much a project or a key may cost, in all or in a period.

A budget is compared with what was spent before a request begins. Requests that are running when it is reached are
finished, so it can be passed by what those cost.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Self

from ossian.accounts.periods import Period, end_of, start_of
from ossian.errors import BudgetSpentError, InvalidRequestError

PERIODS: Final = (Period.DAY, Period.WEEK, Period.MONTH)
MAX_AMOUNT: Final = 1_000_000_000
MAX_DECIMALS: Final = 8


@dataclass(frozen=True, slots=True)
class Budget:
    """An amount in the catalog's currency, and the period of UTC after which it begins anew; None: it never does."""

    amount: Decimal
    period: Period | None = None

    def starts_at(self, now: float) -> int:
        """Return since when spending counts, in seconds since 1970: 0 for a budget that does not begin anew."""
        return 0 if self.period is None else start_of(self.period, now)

    def resets_at(self, now: float) -> int | None:
        """Return when the budget begins anew, None when it never does."""
        return None if self.period is None else end_of(self.period, now)

    def check(self, spent: Decimal, now: float, owner: str, currency: str = "USD") -> None:
        """Raise BudgetSpentError when nothing is left. `spent` is what was spent since `starts_at(now)`.

        `owner` is for the message: `project 'demo'`.
        """
        if spent < self.amount:
            return
        resets_at = self.resets_at(now)
        budget = f"The budget of {owner}, {self.amount:f} {currency}{self._in_all()}, is spent"
        if resets_at is None:
            raise BudgetSpentError(f"{budget}. Ask this server's operator to raise it.", None)
        date = datetime.fromtimestamp(resets_at, UTC)
        message = f"{budget}; it begins anew on {date:%Y-%m-%d} at 00:00 UTC. Wait, or ask the operator to raise it."
        raise BudgetSpentError(message, max(1, -int((now - resets_at) // 1)))

    def _in_all(self) -> str:
        return "" if self.period is None else f" a {self.period}"

    def to_json(self) -> dict[str, str]:
        """Return the budget as it is stored and shown; the amount is text, since JSON's numbers round."""
        return {"amount": f"{self.amount:f}", "period": self.period or "none"}

    @classmethod
    def from_json(cls, body: Any, param: str = "budget") -> Self:
        """Read what `to_json` returns, or what an administrator wrote.

        Raises InvalidRequestError that names the field and what it may be.
        """
        if not isinstance(body, dict) or body.keys() - {"amount", "period"} or "amount" not in body:
            raise InvalidRequestError(f"'{param}' must be an object with 'amount' and 'period'.", param=param)
        return cls(_amount(body["amount"], f"{param}.amount"), _period(body.get("period", "none"), f"{param}.period"))


def _amount(given: Any, param: str) -> Decimal:
    """Return the amount as it is written: 0.1 is a tenth."""
    try:
        amount = Decimal(str(given)) if isinstance(given, str | int | float) and not isinstance(given, bool) else None
    except InvalidOperation:
        amount = None
    if (
        amount is None
        or not amount.is_finite()
        or not 0 <= amount <= MAX_AMOUNT
        or _num_decimals(amount) > MAX_DECIMALS
    ):
        limits = f"a number from 0 to {MAX_AMOUNT} with at most {MAX_DECIMALS} decimals"
        raise InvalidRequestError(f"'{param}' must be {limits}, like 25 or \"12.50\".", param=param)
    return amount


def _num_decimals(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _period(given: Any, param: str) -> Period | None:
    if given in ("none", None):
        return None
    if given not in PERIODS:
        raise InvalidRequestError(f"'{param}' must be 'day', 'week', 'month' or 'none'.", param=param)
    return Period(given)
