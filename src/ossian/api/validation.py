"""From request body to request model: one error, in words, at a path such as `messages[0].content`."""

from collections.abc import Callable
from typing import Any, TypeVar

import orjson
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from ossian.api.fields import RequestModel
from ossian.errors import InvalidRequestError

MAX_PATH_LENGTH = 200  # an unknown parameter's name is the client's, and may be anything

T = TypeVar("T")
RequestT = TypeVar("RequestT", bound=RequestModel)


def parse(body: bytes, model: type[RequestT], *, ignore_unknown: bool = False) -> RequestT:
    """Return the request in a JSON body. Raises InvalidRequestError, which names the first offending parameter."""
    return checked(json_object(body), model, ignore_unknown=ignore_unknown)


def checked(value: dict[str, Any], model: type[RequestT], *, ignore_unknown: bool = False) -> RequestT:
    """Return the request in a JSON object. Raises InvalidRequestError, which names the first offending parameter."""
    try:
        return model.model_validate(value, extra="ignore" if ignore_unknown else None)
    except ValidationError as error:
        raise _invalid_request(error.errors()[0], value) from None


def validated(value: object, adapter: TypeAdapter[T], param: str) -> T:
    """Return a part of a request as the adapter makes it. Raises InvalidRequestError, at or below `param`."""
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        raise _invalid_request(error.errors()[0], value, param) from None


def json_object(body: bytes, name: str = "request body") -> dict[str, Any]:
    """Return the JSON object in a body. Raises InvalidRequestError, which calls it by its name."""
    if not body.strip():
        raise InvalidRequestError(f"The {name} is empty; send a JSON object.")
    try:
        body.decode()
        value = orjson.loads(body)
    except UnicodeDecodeError as error:
        raise InvalidRequestError(f"The {name} is not valid UTF-8: see byte {error.start}.") from None
    except orjson.JSONDecodeError as error:
        raise InvalidRequestError(f"The {name} is not valid JSON: {error}.") from None
    if not isinstance(value, dict):
        raise InvalidRequestError(f"The {name} must be a JSON object, but is {_kind(value)}.")
    return value


def _invalid_request(error: ErrorDetails, value: object, place: str = "") -> InvalidRequestError:
    path = _path(error["loc"], value, place, is_missing=error["type"] == "missing")[:MAX_PATH_LENGTH]
    describe = _DESCRIPTIONS.get(error["type"]) or (_wrong_type if error["type"].endswith("_type") else _wrong_value)
    message, param, code = describe(error, path)
    return InvalidRequestError(message, param=param, code=code)


def _path(loc: tuple[int | str, ...], value: Any, path: str, *, is_missing: bool) -> str:
    """Write a location, below a path, as a client would; parts of it that only name a member of a union are left out.

    Those are told apart by the request itself: they are no key of it. Nor is a parameter that is missing: the last.
    """
    for position, step in enumerate(loc):
        is_missing_key = is_missing and position == len(loc) - 1
        if isinstance(step, int) and isinstance(value, list):
            path += f"[{step}]"
            value = value[step] if step < len(value) else None
        elif isinstance(value, dict) and not _is_tag(loc[position:], value) and (step in value or is_missing_key):
            path += f".{step}" if path else str(step)
            value = value.get(step)
    return path


def _is_tag(steps: tuple[int | str, ...], value: dict[str, Any]) -> bool:
    """Whether a step names a member of a union though it is a key as well, as in `{"type": "text", "text": "Hi"}`."""
    return steps[0] in (value.get("type"), value.get("role")) and len(steps) > 1 and steps[1] in value


Description = tuple[str, str | None, str]  # message, param, code


def _missing(_error: ErrorDetails, path: str) -> Description:
    return f"Missing required parameter: '{path}'.", path, "missing_required_parameter"


def _unknown(_error: ErrorDetails, path: str) -> Description:
    way_out = 'Remove it, or have the server ignore unknown parameters (server.unknown_parameters = "ignore").'
    return f"Unknown parameter: '{path}'. {way_out}", path, "unknown_parameter"


def _wrong_type(error: ErrorDetails, path: str) -> Description:
    expected = _EXPECTED.get(error["type"]) or error["msg"].removeprefix("expected ")
    return f"Invalid type for '{path}': expected {expected}, but got {_kind(error['input'])}.", path, "invalid_type"


def _wrong_value(error: ErrorDetails, path: str) -> Description:
    expected = error["msg"].replace("Input should be", "expected").removeprefix("Value error, ")
    return f"Invalid value for '{path}': {expected}{_got(error['input'])}.", path, "invalid_value"


def _wrong_tag(error: ErrorDetails, path: str) -> Description:
    """A member of a union by its `role` or `type`."""
    context = error.get("ctx", {})
    name = str(context["discriminator"]).strip("'")
    path = f"{path}.{name}"
    value = error["input"]
    if not isinstance(value, dict) or name not in value:
        return _missing(error, path)
    if not isinstance(value[name], str):
        return f"Invalid type for '{path}': expected a string, but got {_kind(value[name])}.", path, "invalid_type"
    expected = context.get("expected_tags", "another value")
    return f"Invalid value for '{path}': expected one of {expected}{_got(value[name])}.", path, "invalid_value"


def _wrong_name(error: ErrorDetails, path: str) -> Description:
    limit = error.get("ctx", {})["pattern"].rpartition(",")[2].rstrip("}$")
    expected = f"expected 1 to {limit} of the characters a-z, A-Z, 0-9, '_' and '-'"
    return f"Invalid value for '{path}': {expected}{_got(error['input'])}.", path, "invalid_value"


def _too_many_members(error: ErrorDetails, path: str) -> Description:
    """The whole request has no path."""
    name = f"'{path}'" if path else "the request"
    return f"Invalid value for {name}: {error['msg']}.", path or None, "invalid_value"


def _unsupported(error: ErrorDetails, path: str) -> Description:
    return f"Unsupported parameter: '{path}'. {error['msg']}", path, "unsupported_parameter"


def _unsupported_content(error: ErrorDetails, path: str) -> Description:
    return f"Unsupported content in '{path}': {error['msg']}", f"{path}.type", "unsupported_content"


_DESCRIPTIONS: dict[str, Callable[[ErrorDetails, str], Description]] = {
    "missing": _missing,
    "extra_forbidden": _unknown,
    "union_tag_invalid": _wrong_tag,
    "union_tag_not_found": _wrong_tag,
    "too_many_members": _too_many_members,
    "string_pattern_mismatch": _wrong_name,  # no other string has a pattern
    "unsupported_parameter": _unsupported,
    "unsupported_content": _unsupported_content,
}

_EXPECTED = {
    "string_type": "a string",
    "int_type": "an integer",
    "float_type": "a number",
    "bool_type": "a boolean",
    "list_type": "an array",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}


def _kind(value: object) -> str:
    """Return JSON's word for a value's type."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else "a boolean"
    words = {str: "a string", int: "an integer", float: "a number", list: "an array", dict: "an object"}
    return words.get(type(value), "something else")


def _got(value: object) -> str:
    """Quote a short value; a long one, or a whole object, helps nobody."""
    if isinstance(value, list | dict):
        return ""
    text = orjson.dumps(value).decode()
    return f", but got {text}" if len(text) <= 80 else ""
