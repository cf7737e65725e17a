"""The schemas of functions' arguments and of answers: what a request may ask for, and what is then enforced."""

from typing import Any, Final

from ossian.errors import InvalidRequestError
from ossian.harmony.json_schema import check_schema
from ossian.harmony.strict_schema import check_strict

ANY_OBJECT: Final[dict[str, Any]] = {"type": "object"}
OF_NO_PARAMETERS: Final = {"type", "properties", "required", "title", "description", "$schema"}


def arguments_schema(parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the schema of a function's arguments, which are an object; None when it has no parameters.

    A schema that lists no properties and says nothing else of them is how most clients write "no parameters".
    """
    if not parameters:
        return None
    if parameters.get("properties") == {} and not parameters.get("required") and parameters.keys() <= OF_NO_PARAMETERS:
        return None
    return {**parameters, "type": "object"}


def check_parameters(parameters: dict[str, Any] | None, param: str, *, is_strict: bool) -> None:
    """Raise InvalidRequestError, at or below `param`, for a function's schema that cannot be enforced."""
    if not parameters:
        return
    if parameters.get("type", "object") != "object":
        raise InvalidRequestError(
            f"Invalid value for '{param}.type': a function's arguments are an object, so its type is 'object'.",
            param=f"{param}.type",
            code="invalid_function_parameters",
        )
    check_enforceable(parameters, param, is_strict=is_strict)


def check_enforceable(schema: dict[str, Any], param: str, *, is_strict: bool) -> None:
    """Raise InvalidRequestError, at or below `param`, for a schema that cannot be enforced, or not `is_strict`ly."""
    check_schema(schema, param)
    if is_strict:
        check_strict(schema, param)
