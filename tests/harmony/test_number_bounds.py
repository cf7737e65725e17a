"""Excluded bounds are excluded, wherever the other bound stands."""

from itertools import product
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ossian.harmony.grammar import TurnShape
from ossian.harmony.number_bounds import exclude_bounds
from tests.harmony.legal_texts import is_legal

LOWEST = (None, -1.5, -1, 0, 0.5, 1, 1.5)
HIGHEST = (None, -1, 0, 0.25, 1, 1.5, 2)
NUMBERS = (-1.5, -1.25, -1, -0.5, 0, 0.1, 0.25, 0.5, 1, 1.25, 1.5, 1.75, 2)


@pytest.mark.parametrize("lowest", ["minimum", "exclusiveMinimum"])
@pytest.mark.parametrize("highest", ["maximum", "exclusiveMaximum"])
def test_numbers_are_let_through_exactly_between_their_bounds(lowest: str, highest: str) -> None:
    for low, high in product(LOWEST, HIGHEST):
        if low is not None and high is not None and low >= high:
            continue
        bounds = {name: bound for name, bound in ((lowest, low), (highest, high)) if bound is not None}
        schema = {"type": "number", **bounds}
        for number in NUMBERS:
            is_valid = Draft202012Validator(schema).is_valid(number)
            assert is_legal(TurnShape(final_schema=schema), str(number)) is is_valid, (schema, number)


@pytest.mark.parametrize(
    "schema",
    [
        {"allOf": [{"type": "number", "exclusiveMinimum": 1}, {"maximum": 1.5}]},
        {"$ref": "#/$defs/a", "maximum": 1.5, "$defs": {"a": {"type": "number", "exclusiveMinimum": 1}}},
        {"type": "number", "exclusiveMinimum": 1, "anyOf": [{"maximum": 1.5}, {"const": "a"}]},
        {"$schema": "http://json-schema.org/draft-04/schema#", "type": "number", "minimum": 1, "exclusiveMinimum": True,
         "maximum": 1.5},
        {"type": "number", "multipleOf": 0.5, "exclusiveMinimum": 1, "exclusiveMaximum": 1.75},
    ],
)  # fmt: skip
def test_bounds_meet_from_different_schemas(schema: dict[str, Any]) -> None:
    shape = TurnShape(final_schema=schema)
    assert not is_legal(shape, "1")
    assert is_legal(shape, "1.5")


def test_bounds_move_only_where_it_is_needed() -> None:
    nodes: list[dict[str, Any]] = [{"exclusiveMinimum": 0}, {"exclusiveMinimum": 5, "exclusiveMaximum": 6}]
    exclude_bounds(nodes)
    assert nodes == [{"exclusiveMinimum": 0}, {"exclusiveMinimum": 5, "exclusiveMaximum": 6}]
