"""What an administrator can set on projects and keys alike.

Limits, budgets and scopes are objects here and nothing more: what may be in them is known where they are enforced.
"""

from typing import Annotated, Any, Final, TypeAlias

from pydantic import Field, WithJsonSchema

from ossian.api.fields import BOUNDED, JsonObject, RequestModel
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


def given_fields(request: RequestModel, now: float) -> dict[str, Any]:
    """Return the fields that a request gives, under the names that they are kept by.

    A name and `enabled` have no default to go back to: null leaves them as they are. Raises InvalidRequestError when an
    expiry is given in both ways.
    """
    given = request.model_dump(include={name for name in request.model_fields_set if not _is_refused(request, name)})
    for name in ("name", "enabled"):
        if given.get(name, "") is None:
            del given[name]
    if "enabled" in given:
        given["is_enabled"] = given.pop("enabled")
    seconds = given.pop("expires_in_seconds", None)
    if seconds is None:
        return given
    if given.get("expires_at") is not None:
        message = "Give 'expires_at' or 'expires_in_seconds', not both."
        raise InvalidRequestError(message, param="expires_in_seconds", code="invalid_value")
    return {**given, "expires_at": int(now) + seconds}


def _is_refused(request: RequestModel, name: str) -> bool:
    """Whether a field can have no value."""
    return type(request).model_fields[name].annotation is type(None)
