"""Which schemas force only short texts."""

from typing import Any

import pytest

from ossian.harmony.forced_text import MAX_CHARACTERS, forces_little

LONG = "x" * MAX_CHARACTERS  # with its quotation marks over the limit


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"const": "x" * (MAX_CHARACTERS - 2)},
        {"properties": {"a": {"enum": ["b", 1, None]}}, "required": ["a"]},
        {"description": LONG, "items": {"minLength": 60_000}},
    ],
)
def test_short_names_and_values_force_little(schema: dict[str, Any]) -> None:
    assert forces_little(schema)


@pytest.mark.parametrize(
    "schema",
    [
        {"const": LONG},
        {"const": {"a": [LONG]}},
        {"enum": ["a", LONG]},
        {"properties": {LONG: {}}},
        {"required": [LONG]},
        {"pattern": "a{9}"},
        {"patternProperties": {"a": {}}},
    ],
)
def test_long_ones_and_patterns_may_force_much(schema: dict[str, Any]) -> None:
    assert not forces_little(schema)
    assert not forces_little({"$defs": {"a": {"anyOf": [{"items": schema}]}}})
