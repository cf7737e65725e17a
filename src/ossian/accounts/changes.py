"""What an administrator wrote of a project or a key, checked: field by field, each error naming the field.

Limits, budgets and scopes are given as JSON, times as seconds since 1970.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ossian.accounts.budgets import Budget
from ossian.accounts.limits import Limits
from ossian.accounts.scopes import EVERYTHING, Scopes
from ossian.errors import InvalidRequestError

Changes = dict[str, Any]
Reader = Callable[[Any, float], Any]

MAX_NAME: Final = 100  # characters
MAX_DESCRIPTION: Final = 1000
MAX_MODEL_ID: Final = 256
MAX_TIME: Final = 10**11  # the year 5138


def project_changes(given: Mapping[str, Any], now: float) -> Changes:
    """Return the fields of a project that are given. Raises InvalidRequestError, which names one that is wrong."""
    return _read(given, _PROJECT, now)


def key_changes(given: Mapping[str, Any], now: float) -> Changes:
    """Return the fields of a project's key that are given. Raises InvalidRequestError likewise."""
    return _read(given, _KEY, now)


def admin_key_changes(given: Mapping[str, Any], now: float) -> Changes:
    """Return the fields of an admin key that are given. Raises InvalidRequestError likewise."""
    return _read(given, _ADMIN_KEY, now)


def merged_limits(limits: Limits, given: Mapping[str, Any]) -> Limits:
    """Return limits with those that are given in place of theirs. Raises InvalidRequestError likewise."""
    return Limits.from_json({**limits.to_json(), **given})


def _read(given: Mapping[str, Any], readers: Mapping[str, Reader], now: float) -> Changes:
    if unknown := sorted(given.keys() - readers):
        raise InvalidRequestError(f"'{unknown[0]}' is nothing that can be changed.", param=unknown[0])
    return {name: readers[name](value, now) for name, value in given.items()}


def _name(given: Any, _now: float) -> str:
    name = given.strip() if isinstance(given, str) else ""
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise InvalidRequestError(f"'name' must be a line of 1 to {MAX_NAME} characters.", param="name")
    return name


def _description(given: Any, _now: float) -> str:
    text = "" if given is None else given
    if not isinstance(text, str) or len(text) > MAX_DESCRIPTION or not text.replace("\n", " ").isprintable():
        message = f"'description' must be a text of at most {MAX_DESCRIPTION} characters."
        raise InvalidRequestError(message, param="description")
    return text


def _expires_at(given: Any, now: float) -> int | None:
    if given is None:
        return None
    if not isinstance(given, int) or isinstance(given, bool) or not now < given <= MAX_TIME:
        message = f"'expires_at' must be a time to come, in seconds since 1970, of which there were {now:.0f}; or null."
        raise InvalidRequestError(message, param="expires_at")
    return given


def _is_enabled(given: Any, _now: float) -> bool:
    if not isinstance(given, bool):
        raise InvalidRequestError("'is_enabled' must be true or false.", param="is_enabled")
    return given


def _scopes(given: Any, _now: float) -> Scopes:
    return EVERYTHING if given is None else Scopes.from_json(given)


def _limits(given: Any, _now: float) -> Limits | None:
    return None if given is None else Limits.from_json(given)


def _model_limits(given: Any, _now: float) -> dict[str, Limits]:
    if not isinstance(given, dict | None):
        message = "'model_limits' must be an object of limits, by the ids of models."
        raise InvalidRequestError(message, param="model_limits")
    return {model_id(name): Limits.from_json(each, f"model_limits.{name}") for name, each in (given or {}).items()}


def model_id(given: str) -> str:
    """Return what may be a model's id. Raises InvalidRequestError for what cannot be one."""
    if not given or len(given) > MAX_MODEL_ID or not given.isprintable():
        message = f"The id of a model is a line of 1 to {MAX_MODEL_ID} characters."
        raise InvalidRequestError(message, param="model_limits")
    return given


def _budget(given: Any, _now: float) -> Budget | None:
    return None if given is None else Budget.from_json(given)


_ADMIN_KEY: Final[Mapping[str, Reader]] = {"name": _name, "expires_at": _expires_at, "is_enabled": _is_enabled}
_KEY: Final[Mapping[str, Reader]] = {
    **_ADMIN_KEY,
    "description": _description,
    "scopes": _scopes,
    "limits": _limits,
    "budget": _budget,
}
_PROJECT: Final[Mapping[str, Reader]] = {
    "name": _name,
    "limits": _limits,
    "model_limits": _model_limits,
    "budget": _budget,
}
