"""The wire format of spend limits: OpenAI's view of a project's `budget`, in hundredths of the currency."""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from ossian.api.fields import JsonObject, RequestModel
from ossian.errors import InvalidRequestError

MAX_AMOUNT: Final = 10**11  # hundredths: as much as a budget can be
_HUNDREDTH: Final = Decimal("0.01")


class UpdateSpendLimitRequest(RequestModel):
    """The request of `POST /v1/organization/projects/{id}/spend_limit`."""

    threshold_amount: Annotated[int, Field(ge=0, le=MAX_AMOUNT, description="In hundredths of the currency.")]
    currency: str = Field(description="The catalog's.")
    interval: Literal["day", "week", "month", "none"] = Field(
        description="When it begins anew; OpenAI has months only."
    )


def budget_of(request: UpdateSpendLimitRequest, currency: str) -> JsonObject:
    """Return the budget that a request asks for. Raises InvalidRequestError for a currency that nothing costs here."""
    if request.currency != currency:
        message = f"Invalid value for 'currency': expected '{currency}', in which this server counts."
        raise InvalidRequestError(message, param="currency", code="invalid_value")
    return {"amount": str(request.threshold_amount * _HUNDREDTH), "period": request.interval}


def spend_limit_body(budget: Mapping[str, Any], currency: str, *, is_spent: bool) -> JsonObject:
    """Return a budget, given as it is stored; `amount` has the digits that hundredths cannot have."""
    hundredths = (Decimal(budget["amount"]) / _HUNDREDTH).to_integral_value(ROUND_HALF_EVEN)
    return {
        "object": "project.spend_limit",
        "threshold_amount": int(hundredths),
        "currency": currency,
        "interval": budget["period"],
        "enforcement": {"status": "enforcing" if is_spent else "inactive"},
        "amount": budget["amount"],
    }


def deleted_body() -> JsonObject:
    """Return what the deletion of a spend limit is answered with."""
    return {"object": "project.spend_limit.deleted", "deleted": True}
