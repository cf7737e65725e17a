from typing import Any

import pytest

from ossian.api.function_schemas import arguments_schema, check_parameters
from ossian.errors import InvalidRequestError

CITY: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


@pytest.mark.parametrize(
    "parameters, schema",
    [
        (None, None),
        ({}, None),
        ({"type": "object", "properties": {}}, None),
        ({"type": "object", "properties": {}, "required": [], "title": "None"}, None),
        ({"type": "object", "properties": {}, "additionalProperties": True}, ...),
        ({"type": "object", "properties": {}, "required": ["a"]}, ...),
        ({"type": "object"}, ...),
        (CITY, CITY),
        ({"properties": {"a": {}}}, {"properties": {"a": {}}, "type": "object"}),
        ({"anyOf": [CITY, {"type": "string"}]}, {"anyOf": [CITY, {"type": "string"}], "type": "object"}),
        ({"$ref": "#/$defs/a", "$defs": {"a": CITY}}, {"$ref": "#/$defs/a", "$defs": {"a": CITY}, "type": "object"}),
    ],
)
def test_arguments_are_an_object(parameters: dict[str, Any] | None, schema: Any) -> None:
    assert arguments_schema(parameters) == (parameters if schema is ... else schema)


@pytest.mark.parametrize("parameters", [None, {}, CITY, {"properties": {}}])
def test_parameters_that_are_an_object(parameters: dict[str, Any] | None) -> None:
    check_parameters(parameters, "tools[0].parameters", is_strict=False)


@pytest.mark.parametrize(
    "parameters, is_strict, param",
    [
        ({"type": "string"}, False, "tools[0].parameters.type"),
        (CITY, True, "tools[0].parameters"),
        ({"properties": {"a": {"type": 5}}}, False, "tools[0].parameters.properties.a.type"),
    ],
)
def test_parameters_that_cannot_be_enforced(parameters: dict[str, Any], is_strict: bool, param: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        check_parameters(parameters, "tools[0].parameters", is_strict=is_strict)
    assert (caught.value.param or "").startswith(param)
