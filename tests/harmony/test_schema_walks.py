"""Random answers to schemas of every kind fulfil them: nothing that is accepted is enforced only in part."""

import json
from random import Random
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for

from ossian.harmony.grammar import TurnShape
from ossian.harmony.json_schema import check_schema
from ossian.harmony.token_mask import load_grammars
from ossian.harmony.vocabulary import RETURN
from tests.harmony.formats import FORMATS
from tests.harmony.turn_walks import draw, messages_of, walk

pytestmark = pytest.mark.slow

NULL: dict[str, Any] = {"type": "null"}
TEXT: dict[str, Any] = {"type": "string", "maxLength": 6}
AB: dict[str, Any] = {"a": NULL, "b": NULL}


def tagged(tag: str, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"k": {"const": tag}, **more}, "required": ["k"]}


SCHEMAS: dict[str, dict[str, Any]] = {
    "required, by pattern": {"patternProperties": {"^[ab]$": NULL}, "required": ["a"], "additionalProperties": False,
                             "type": "object"},
    "required, not listed": {"type": "object", "additionalProperties": NULL, "required": ["a"]},
    "listed beside others": {"type": "object", "properties": {"a": NULL}, "additionalProperties": {"type": "integer"}},
    "listed and by pattern": {"type": "object", "properties": {"a": {"type": ["null", "integer"]}}, "required": ["a"],
                              "patternProperties": {"^a": {"type": "integer"}}, "additionalProperties": False},
    "most properties": {"type": "object", "maxProperties": 1, "additionalProperties": NULL},
    "all and closed": {"allOf": [{"type": "object", "properties": AB, "additionalProperties": False},
                                 {"properties": {"c": NULL}}]},
    "draft 7 tuple": {"$schema": "http://json-schema.org/draft-07/schema#", "type": "array",
                      "items": [NULL, {"type": "integer"}], "additionalItems": False},
    "draft 4 bounds": {"$schema": "http://json-schema.org/draft-04/schema#", "type": "integer", "minimum": 3,
                       "exclusiveMinimum": True, "maximum": 6},
    "a tuple and more": {"type": "array", "prefixItems": [NULL], "items": {"type": "integer"}, "minItems": 3,
                         "maxItems": 4},
    "nothing in a list": {"type": "array", "items": False},
    "enum and type": {"enum": [1, "a", None], "type": ["string", "null"]},
    "enum and pattern": {"enum": ["aa", "b"], "pattern": "^a"},
    "enum and bounds": {"enum": [1, 5, 9], "minimum": 4},
    "two enums": {"allOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]},
    "whole multiples": {"type": "integer", "multipleOf": 7, "exclusiveMinimum": -30, "maximum": 50},
    "quarters": {"type": "number", "multipleOf": 0.25, "minimum": 0, "maximum": 3},
    "between": {"type": "number", "exclusiveMinimum": 1.5, "exclusiveMaximum": 2.5},
    "length and pattern": {"type": "string", "minLength": 3, "maxLength": 4, "pattern": "[a-z]+"},
    "a pattern within": {"type": "string", "pattern": "ab?c", "maxLength": 8},
    "an address, or null": {"format": "ipv4", "maxLength": 9, "type": ["string", "null"]},
    **{each: {"type": "string", "format": each} for each in ("hostname", "ipv4", "ipv6", "uuid", "uri", "email",
                                                            "duration", "date", "time", "date-time")},
    "oneOf by tag": {"oneOf": [tagged("a"), {**tagged("b"), "additionalProperties": True}]},
    "oneOf by type": {"oneOf": [{"type": "boolean"}, {"type": "integer"}]},
    "oneOf, with siblings": {"oneOf": [{"$ref": "#/$defs/a", "maxLength": 1}, {"$ref": "#/$defs/b"}],
                             "$defs": {"a": {"type": "string"}, "b": NULL}},
    "oneOf in an object": {**tagged("a", n={"type": "integer"}), "oneOf": [tagged("a"), tagged("b")]},
    "anyOf and oneOf": {"anyOf": [NULL, {"type": "integer"}], "oneOf": [{"type": "integer"}, NULL]},
    "a reference and more": {"$ref": "#/$defs/a", "maxLength": 2, "$defs": {"a": {"type": "string", "minLength": 2}}},
    "a name in percent": {"$ref": "#/$defs/a%20b", "$defs": {"a b": TEXT}},
    "nullable": {**TEXT, "nullable": True},
    "options of the compiler": {"type": "object", "properties": {"a": {**TEXT, "x-guidance": {"lenient": True}}},
                                "required": ["a"]},
}  # fmt: skip


@pytest.mark.parametrize("name", SCHEMAS)
def test_random_answers_fulfil_their_schema(name: str) -> None:
    schema, random = SCHEMAS[name], Random(name)
    check_schema(schema, "s")
    shape = TurnShape(final_schema=schema, max_analysis_tokens=0)
    validator = validator_for(schema, Draft202012Validator)(schema, format_checker=FORMATS)
    num_finished = 0
    for _ in range(20):
        token_ids = walk(load_grammars().compile(shape).mask(), lambda words: draw(random, words), max_tokens=400)
        if token_ids[-1] == RETURN:
            validator.validate(json.loads(messages_of(token_ids)[-1].text))
            num_finished += 1
    assert num_finished > 0
