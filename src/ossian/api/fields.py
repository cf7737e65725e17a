"""The building blocks of request schemas: strict models, and types with their own words for what is wrong."""

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeAlias

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

JsonObject: TypeAlias = dict[str, Any]


MAX_DEPTH = 128
_WRITABLE_DEPTH = 254  # orjson's limit
MAX_MEMBERS = 1024  # pydantic makes an error of every wrong member, and a megabyte of them takes seconds


def _not_too_many(value: Any) -> Any:
    if isinstance(value, dict) and len(value) > MAX_MEMBERS:
        message = "an object can have at most {limit} members here, but this has {number}"
        raise PydanticCustomError("too_many_members", message, {"limit": MAX_MEMBERS, "number": len(value)})
    return value


def _not_too_deep(value: Any) -> Any:
    inside = value
    for _ in range(_WRITABLE_DEPTH - MAX_DEPTH):
        inside = [inside]
    try:
        orjson.dumps(inside)
    except TypeError:
        message = "it can be nested {limit} deep at most, with integers of 64 bits"
        raise PydanticCustomError("too_deep", message, {"limit": MAX_DEPTH}) from None
    return value


SHALLOW = BeforeValidator(_not_too_deep)  # for JSON of any kind that is sent back: what writes it has a limit
BOUNDED = BeforeValidator(_not_too_many)  # for objects with names of the client's choice
STOP_AT_FIRST = Field(fail_fast=True)  # for arrays of any length; only the first error is told anyway


class RequestModel(BaseModel):
    """A JSON object as a client sends it: nothing is converted silently, and unknown names are errors."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _has_few_members(cls, value: Any) -> Any:
        return _not_too_many(value)


def refused(reason: str) -> BeforeValidator:
    """Make a field of type None which says why it cannot have a value."""

    def check(value: object) -> None:
        if value is not None:
            raise PydanticCustomError("unsupported_parameter", "{reason}", {"reason": reason})

    return BeforeValidator(check)


def json_kind(value: object) -> Literal["string", "array"] | None:
    """Tell strings and arrays apart, for fields that take either."""
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else None


def string_or_array(expected: str) -> Discriminator:
    """Choose between the union members tagged "string" and "array"; anything else is an error that says `expected`."""
    return Discriminator(json_kind, custom_error_type="invalid_type", custom_error_message=f"expected {expected}")


def string_or_object(expected: str) -> Discriminator:
    """Choose between the union members tagged "string" and "object"; anything else is an error that says `expected`."""

    def kind(value: object) -> str | None:
        if isinstance(value, str):
            return "string"
        return "object" if isinstance(value, dict | BaseModel) else None

    return Discriminator(kind, custom_error_type="invalid_type", custom_error_message=f"expected {expected}")


ModelName: TypeAlias = Annotated[str, Field(max_length=256)]
FunctionName: TypeAlias = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
StopString: TypeAlias = Annotated[str, Field(min_length=1, max_length=1024)]
StopStrings: TypeAlias = Annotated[
    Annotated[StopString, Tag("string")] | Annotated[list[StopString], Field(max_length=16), Tag("array")],
    string_or_array("a string or an array of strings"),
]
Metadata: TypeAlias = Annotated[
    dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=512)]], BOUNDED, Field(max_length=16)
]


class StreamOptions(RequestModel):
    """What a stream carries besides the answer."""

    include_usage: bool | None = None
    include_obfuscation: bool | None = Field(default=None, description="Accepted; this server adds no obfuscation.")


IdFactory: TypeAlias = Callable[[], str]
