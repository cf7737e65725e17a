"""AI/ML API's keys: what `/v1/keys` is sent, and what it answers. They are the keys that the admin API knows."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import Field

from ossian.api.fields import JsonObject, RequestModel
from ossian.errors import InvalidRequestError
from ossian.storage.account_records import StoredKey

_ENDPOINTS: Final = {
    "model:chat": ("chat.completions", "completions"),
    "model:responses": ("responses", "conversations", "prompts"),
}
_ALWAYS: Final = ("models", "usage")  # every key of that service may read the catalog, and what it used itself
_PERIODS: Final = {"no_reset": "none", "day": "day", "week": "week", "month": "month"}
_RETENTIONS: Final = {period: retention for retention, period in _PERIODS.items()}


class SpendingLimit(RequestModel):
    """How much a key may cost, in USD, and when that begins anew."""

    retention: Literal["no_reset", "day", "week", "month"]
    threshold: Annotated[float, Field(ge=0)] | Annotated[int, Field(ge=0)]


class KeyRequest(RequestModel):
    """The request of `POST /v1/keys`."""

    name: str | None = None
    limit: SpendingLimit | None = None
    scopes: Annotated[list[str], Field(max_length=16)] | None = Field(default=None, description="Null: everything.")


class KeyChangeRequest(KeyRequest):
    """The request of `PATCH /v1/keys/{prefix}`; what is left out stays as it is."""

    disabled: bool | None = None


def scopes_of(listed: list[str] | None) -> JsonObject:
    """Return our scopes for those of a request. Raises InvalidRequestError for what no key can be given here."""
    if listed is None:
        return {}
    for each in listed:
        if each not in _ENDPOINTS:
            known = ", ".join(f"'{scope}'" for scope in _ENDPOINTS)
            message = f"'scopes': there is no '{each[:64]}' here. There are: {known}."
            raise InvalidRequestError(message, param="scopes", code="invalid_value")
    return {"endpoints": sorted({*_ALWAYS, *(endpoint for each in listed for endpoint in _ENDPOINTS[each])})}


def budget_of(limit: SpendingLimit | None) -> JsonObject | None:
    """Return our budget for the limit of a request."""
    return None if limit is None else {"amount": str(limit.threshold), "period": _PERIODS[limit.retention]}


def key_body(key: StoredKey, monthly_usage: Decimal, secret: str | None = None) -> JsonObject:
    """Return a key; the secret is there only when the key is made. `monthly_usage` is in USD."""
    body: JsonObject = {
        "name": key.name,
        "disabled": not key.is_enabled,
        "prefix": key.prefix,
        "scopes": _shown_scopes(key.scopes),
        "limit": _shown_limit(key.budget),
        "created_at": iso(key.created_at),
        "updated_at": iso(key.created_at if key.revoked_at is None else key.revoked_at),
        "monthly_usage": float(monthly_usage),
    }
    return body if secret is None else body | {"key": secret}


def iso(time: float) -> str:
    """Return a time as `2026-01-31T12:00:00.000Z`."""
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _shown_scopes(scopes: JsonObject) -> list[str] | None:
    """Each scope that has all its endpoints, then the other endpoints by our names; None: everything."""
    endpoints = scopes.get("endpoints")
    if endpoints is None:
        return None
    whole = [scope for scope, needed in _ENDPOINTS.items() if set(needed) <= set(endpoints)]
    told = {*_ALWAYS, *(endpoint for scope in whole for endpoint in _ENDPOINTS[scope])}
    return [*whole, *sorted(set(endpoints) - told)]


def _shown_limit(budget: JsonObject | None) -> JsonObject | None:
    if budget is None:
        return None
    return {"retention": _RETENTIONS[budget["period"]], "threshold": float(budget["amount"])}
