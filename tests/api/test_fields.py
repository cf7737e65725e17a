from typing import Annotated, Any

import pytest
from pydantic import Tag, TypeAdapter, ValidationError

from ossian.api.fields import (
    MAX_DEPTH,
    SHALLOW,
    Metadata,
    RequestModel,
    StopStrings,
    json_kind,
    refused,
    string_or_object,
)

SHALLOW_JSON: TypeAdapter[Any] = TypeAdapter(Annotated[Any, SHALLOW])
NAMED: TypeAdapter[Any] = TypeAdapter(
    Annotated[
        Annotated[str, Tag("string")] | Annotated[dict[str, str], Tag("object")],
        string_or_object("a name or an object"),
    ]
)


def nested(depth: int) -> Any:
    value: Any = "inside"
    for _ in range(depth):
        value = [value]
    return value


class Example(RequestModel):
    count: int
    old: Annotated[None, refused("Use count.")] = None


@pytest.mark.parametrize(
    "body", [{"count": "1"}, {"count": 1.0}, {"count": True}, {"count": 1, "more": 2}, {}], ids=str
)
def test_nothing_is_converted_and_nothing_is_extra(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Example.model_validate(body)


def test_a_request_does_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Example(count=1).count = 2  # type: ignore[misc]  # wrong on purpose


def test_a_refused_field_says_why_unless_it_is_null() -> None:
    assert Example.model_validate({"count": 1, "old": None}).old is None
    with pytest.raises(ValidationError, match=r"Use count\."):
        Example.model_validate({"count": 1, "old": []})


@pytest.mark.parametrize(
    "value, kind", [("", "string"), ([], "array"), (None, None), (5, None), ({}, None), ((), None)]
)
def test_strings_and_arrays_are_told_apart(value: object, kind: str | None) -> None:
    assert json_kind(value) == kind


@pytest.mark.parametrize("value", ["a", ["a"], [], ["a"] * 16])
def test_stop_strings(value: object) -> None:
    assert TypeAdapter(StopStrings).validate_python(value) == value


@pytest.mark.parametrize(
    "value",
    [{"k": "v" * 512}, {"k" * 64: ""}, {str(number): "" for number in range(16)}, {}],
    ids=["value", "key", "number", "none"],
)
def test_metadata_up_to_its_limits(value: dict[str, str]) -> None:
    assert TypeAdapter(Metadata).validate_python(value) == value


@pytest.mark.parametrize(
    "value",
    [{"k": "v" * 513}, {"k" * 65: ""}, {str(number): "" for number in range(17)}],
    ids=["value", "key", "number"],
)
def test_metadata_over_its_limits(value: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Metadata).validate_python(value)


@pytest.mark.parametrize("value", [{}, [{"a": [1.5, "b", None]}], 2**63, nested(MAX_DEPTH)])
def test_json_that_can_be_written(value: Any) -> None:
    assert SHALLOW_JSON.validate_python(value) == value


@pytest.mark.parametrize("value", [nested(MAX_DEPTH + 1), nested(1000), [2**64]])
def test_json_that_cannot_be_written(value: Any) -> None:
    with pytest.raises(ValidationError, match=f"nested {MAX_DEPTH} deep at most"):
        SHALLOW_JSON.validate_python(value)


@pytest.mark.parametrize("value, read", [("a", "a"), ({"type": "text"}, {"type": "text"})])
def test_a_string_or_an_object(value: Any, read: Any) -> None:
    assert NAMED.validate_python(value) == read


@pytest.mark.parametrize("value", [None, 5, []])
def test_neither_a_string_nor_an_object(value: Any) -> None:
    with pytest.raises(ValidationError, match="expected a name or an object"):
        NAMED.validate_python(value)
