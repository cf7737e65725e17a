"""What an administrator can set on projects and keys alike.

Limits, budgets and scopes are objects here and nothing more: what may be in them is known where they are enforced.
"""

from typing import Annotated, Any, Final, TypeAlias

from pydantic import Field, WithJsonSchema

from ossian.api.fields import BOUNDED, JsonObject
from ossian.errors import InvalidRequestError

MAX_SECONDS: Final = 100 * 366 * 24 * 3600

_LIMIT: Final[JsonObject] = {"type": ["integer", "null"], "minimum": 0}
_LIMITS: Final[JsonObject] = {
    "type": "object",
    "description": "What is left out or null has no limit.",
    "properties": {
        "requests_per_minute": _LIMIT,
        "tokens_per_minute": _LIMIT,
        "concurrent_requests": _LIMIT,
    },
    "additionalProperties": False,
}
_BUDGET: Final[JsonObject] = {
    "type": "object",
    "properties": {
        "amount": {"type": ["string", "number"], "description": "In the catalog's currency."},
        "period": {"enum": ["day", "week", "month", "none"], "description": "When it begins anew."},
    },
    "required": ["amount"],
    "additionalProperties": False,
}
_SCOPES: Final[JsonObject] = {
    "type": "object",
    "description": "What is left out or null is not restricted.",
    "properties": {
        "endpoints": {"type": ["array", "null"], "items": {"type": "string"}},
        "models": {"type": ["array", "null"], "items": {"type": "string"}},
    },
    "additionalProperties": False,
}

LimitsObject: TypeAlias = Annotated[dict[str, Any], WithJsonSchema(_LIMITS)]
BudgetObject: TypeAlias = Annotated[dict[str, Any], WithJsonSchema(_BUDGET)]
ScopesObject: TypeAlias = Annotated[dict[str, Any], WithJsonSchema(_SCOPES)]
ModelLimits: TypeAlias = Annotated[dict[str, LimitsObject], BOUNDED]
ExpiresAt: TypeAlias = Annotated[int, Field(ge=0, description="In seconds since 1970.")]
ExpiresInSeconds: TypeAlias = Annotated[int, Field(ge=1, le=MAX_SECONDS, description="OpenAI's way to say when.")]


def expiry(expires_at: int | None, expires_in_seconds: int | None, now: float) -> int | None:
    """Return when a key expires, of the two ways to say it; None: never.

    Raises InvalidRequestError when both are used, and for a time that is over.
    """
    if expires_at is not None and expires_in_seconds is not None:
        message = "Give 'expires_at' or 'expires_in_seconds', not both."
        raise InvalidRequestError(message, param="expires_in_seconds", code="invalid_value")
    if expires_in_seconds is not None:
        return int(now) + expires_in_seconds
    if expires_at is not None and expires_at <= now:
        message = f"Invalid value for 'expires_at': {expires_at} is over; it is {int(now)} now."
        raise InvalidRequestError(message, param="expires_at", code="invalid_value")
    return expires_at
