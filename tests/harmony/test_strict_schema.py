from typing import Any

import pytest

from ossian.errors import InvalidRequestError
from ossian.harmony.strict_schema import check_strict

STRICT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "address": {
            "type": ["object", "null"],
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
    "required": ["name", "address"],
    "additionalProperties": False,
}


def nested(levels: int, name: str = "a") -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {name: schema}, "required": [name], "additionalProperties": False}
    return schema


def large(**fields: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, **fields}


def test_the_strict_subset_is_accepted() -> None:
    check_strict(STRICT, "s")
    check_strict(nested(10), "s")
    check_strict(nested(10, "items"), "s")
    check_strict(nested(10, "properties"), "s")


@pytest.mark.parametrize(
    "schema, param, message",
    [
        ({}, "s.type", "outermost"),
        ({"type": "array", "items": {}}, "s.type", "outermost"),
        ({**STRICT, "additionalProperties": True}, "s.additionalProperties", "every object"),
        ({**STRICT, "required": ["name"]}, "s.required", "'address' is not"),
        ({**STRICT, "allOf": []}, "s.allOf", "does not allow 'allOf'"),
        (
            large(properties={"a": {"properties": {}}}, required=["a"]),
            "s.properties.a.additionalProperties",
            "every object",
        ),
        (nested(12), "s" + ".properties.a" * 11, "10 levels"),
        (large(properties={"a": {"enum": list(range(1001))}}, required=["a"]), "s", "1000 enum values, but has 1001"),
        (
            large(properties={f"p{i}": {} for i in range(5001)}, required=[f"p{i}" for i in range(5001)]),
            "s",
            "5000 properties, but has 5001",
        ),
        (large(properties={"a": {"const": "x" * 120_000}}, required=["a"]), "s", "120000 characters"),
    ],
    ids=["nothing", "array", "open", "optional", "all of", "inner", "deep", "enum", "properties", "characters"],
)
def test_what_is_outside_it_is_named(schema: dict[str, Any], param: str, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message) as caught:
        check_strict(schema, "s")
    assert caught.value.param == param
