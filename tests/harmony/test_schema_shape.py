"""Keywords of the wrong kind are refused with their place; whatever a client sends as a schema, nothing crashes."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ossian.errors import InvalidRequestError
from ossian.harmony.enforceable_schema import enforceable
from ossian.harmony.json_schema import check_schema
from ossian.harmony.strict_schema import check_strict


@pytest.mark.parametrize(
    "schema, param",
    [
        ({"type": []}, "s.type"),
        ({"type": {}}, "s.type"),
        ({"type": ["string", 5]}, "s.type"),
        ({"format": ["date"]}, "s.format"),
        ({"$ref": 5}, "s.$ref"),
        ({"required": [["a"]]}, "s.required"),
        ({"required": "a"}, "s.required"),
        ({"enum": {}}, "s.enum"),
        ({"anyOf": []}, "s.anyOf"),
        ({"oneOf": [5]}, "s.oneOf"),
        ({"properties": {"a": {"allOf": 5}}}, "s.properties.a.allOf"),
        ({"properties": []}, "s.properties"),
        ({"properties": {"a": 5}}, "s.properties"),
        ({"items": 5}, "s.items"),
        ({"additionalProperties": None}, "s.additionalProperties"),
        ({"minItems": "1"}, "s.minItems"),
        ({"minItems": 2.5}, "s.minItems"),
        ({"maxLength": -1}, "s.maxLength"),
        ({"minProperties": True}, "s.minProperties"),
    ],
    ids=str,
)
def test_keywords_of_the_wrong_kind_are_named(schema: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError, match="has to be") as caught:
        check_schema(schema, "s")
    assert caught.value.param == param


KEYWORDS = st.sampled_from(
    ["type", "format", "pattern", "$ref", "required", "enum", "const", "anyOf", "oneOf", "allOf", "prefixItems",
     "items", "properties", "patternProperties", "additionalProperties", "$defs", "minItems", "maxItems", "minLength",
     "minProperties", "uniqueItems", "x-guidance", "$schema", "a"]
)  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 70_000), st.floats(allow_nan=False),
    st.sampled_from(["string", "object", "array", "date", "#", "#/$defs/a", "#/properties/a", "#/anyOf/0", "a", ""]),
)  # fmt: skip
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYWORDS, inner, max_size=4),
    max_leaves=12,
)


def refused(check: Callable[[dict[str, Any], str], None], schema: dict[str, Any]) -> str | None:
    try:
        check(schema, "s")
    except InvalidRequestError as error:
        return error.param
    return None


@given(st.dictionaries(KEYWORDS, ANYTHING, max_size=5))
@settings(max_examples=300)
def test_any_json_is_checked_without_a_crash(schema: dict[str, Any]) -> None:
    assert (refused(check_strict, schema) or "s").startswith("s")
    param = refused(check_schema, schema)
    assert (param or "s").startswith("s")
    if param is None:
        assert "x-guidance" in enforceable(schema)
