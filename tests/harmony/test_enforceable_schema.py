"""A text that the mask lets through fulfils the schema as the caller wrote it."""

import json
from random import Random
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ossian.errors import InvalidRequestError
from ossian.harmony.grammar import TurnShape
from ossian.harmony.json_schema import check_schema
from ossian.harmony.token_mask import load_grammars
from tests.harmony.formats import FORMATS
from tests.harmony.legal_texts import is_legal

TEXTS = (
    "null", "true", "0", "1", "-1", "2", "7", "1.5", "2.0", '""', '"a"', '"ab"', '"b"', '"ba"', '"\\u0061"', '"a\\n"',
    '"2020-02-30"', '"12:00:00Z"', '"x@y.zz"', "[]", "[null]", "[1]", '["a"]', "[1,1]", '[1,"a"]', "[1,2,3]", "[{}]",
    "{}", '{"a":null}', '{"a":1}', '{"a":"a"}', '{"b":1}', '{"a":1,"b":"x"}', '{"b":"x","a":1}', '{"a":1,"a":"x"}',
    '{"\\u0061":1}', '{"\\u0061":"x"}', '{"c":1}', '{"ab":1}', '{"a":{"a":1}}', '{"a":[1]}', '{"a":1,"b":1,"c":1}',
    '{"x":1,"x":1}', '{"k":"a"}', '{"k":"b"}', '{"k":"b","a":1}', '{"":1}',
)  # fmt: skip
LEAVES: tuple[Any, ...] = (
    {}, True, False, {"type": "null"}, {"type": "string"}, {"type": ["string", "null"], "minLength": 1},
    {"type": "string", "maxLength": 1}, {"type": "string", "pattern": "^a|b$"}, {"type": "string", "format": "date"},
    {"pattern": "a", "format": "email"}, {"type": "integer", "minimum": 1}, {"type": "number", "exclusiveMinimum": 1},
    {"maximum": 1.5}, {"type": "number", "multipleOf": 0.5}, {"enum": ["a", 1, None]}, {"const": {"a": 1}},
    {"$ref": "#/$defs/d"}, {"$ref": "#/$defs/e"}, {"$ref": "#/$defs/e", "required": ["b"]}, {"required": ["a"]},
    {"type": "object"}, {"maxItems": 1}, {"type": "string", "nullable": True},
)  # fmt: skip
NAMES = ("a", "b", "c", "ab", "k", "")
DEFINITIONS = {"d": {"type": "array"}, "e": {"type": "object", "properties": {"a": {"type": "integer"}}}}


def schema_of(random: Random, depth: int) -> Any:
    """A random schema, whose keywords meet in ways that nobody would write."""

    def inner() -> Any:
        return schema_of(random, depth - 1)

    kind = random.randrange(4) if depth else 0
    if kind == 0:
        return random.choice(LEAVES)
    if kind == 1:
        return {random.choice(("anyOf", "oneOf", "allOf")): [inner() for _ in range(random.randint(1, 3))]}
    keywords: dict[str, Any] = {
        "type": random.choice(("object", ["object", "null"])),
        "properties": {name: inner() for name in random.sample(NAMES, random.randint(0, 3))},
        "required": random.sample(NAMES, random.randint(0, 2)),
        "additionalProperties": random.choice((False, inner())),
        "patternProperties": {random.choice(("^a", "b$", "^[a-c]$", "a|^b")): inner()},
        "minProperties": random.choice((0, 1, 2)),
        "maxProperties": random.choice((0, 1, 2)),
        "anyOf": [inner(), inner()],
        "allOf": [inner()],
    }
    if kind == 2:
        keywords = {"type": "array", "items": inner(), "prefixItems": [inner()], "minItems": 1, "maxItems": 2}
    return {name: value for name, value in keywords.items() if random.random() < (0.8 if name == "type" else 0.35)}


@pytest.mark.parametrize("seed", range(4))
def test_no_text_that_breaks_a_schema_is_legal(seed: int) -> None:
    random, num_enforced, num_legal = Random(seed), 0, 0
    for _ in range(40):
        root = schema_of(random, 2)
        schema = {**(root if isinstance(root, dict) else {"allOf": [root]}), "$defs": DEFINITIONS}
        try:
            check_schema(schema, "s")
            grammar = load_grammars().compile(TurnShape(final_schema=schema, final_param="s"))
        except InvalidRequestError:
            continue
        num_enforced += 1
        validator = Draft202012Validator(schema, format_checker=FORMATS)
        for text in TEXTS:
            if is_legal(grammar, text):
                assert validator.is_valid(json.loads(text)), (schema, text)
                num_legal += 1
    assert num_enforced > 15
    assert num_legal > 100


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": {"type": "string"}},
        {"type": "object", "patternProperties": {"^a$": {"type": "integer"}}},
        {"allOf": [{"type": "object", "properties": {"a": {"type": "integer"}}}, {"required": ["b"]}]},
    ],
)
def test_a_name_that_is_spelled_otherwise_is_the_same_name(schema: dict[str, Any]) -> None:
    shape = TurnShape(final_schema=schema)
    assert is_legal(shape, '{"a":1,"b":"x"}') or is_legal(shape, '{"b":"x","a":1}')
    assert not is_legal(shape, '{"\\u0061":"x","b":"x"}')
    assert not is_legal(shape, '{"b":"x","\\u0061":"x"}')


def test_control_characters_can_be_written_where_no_name_can_pass_as_another() -> None:
    keys = {"type": "object", "properties": {"keys": {"type": "string"}}, "required": ["keys"]}
    assert is_legal(TurnShape(final_schema=keys), '{"keys":"\\u0003\\u001b"}')
    assert not is_legal(TurnShape(final_schema=keys), '{"keys":"\\u0061"}')


@pytest.mark.parametrize(
    "schema, text",
    [
        ({"$ref": "#/$defs/e", "required": ["b"], "$defs": DEFINITIONS}, '{"b":1}'),
        ({"type": "object", "required": ["k"], "anyOf": [{"properties": {"a": {}}}]}, '{"k":1}'),
        ({"type": "object", "additionalProperties": {}, "anyOf": [{"properties": {"a": {}}}]}, '{"b":1}'),
        ({"anyOf": [{"$ref": "#/$defs/e"}, {"required": ["b"]}], "$ref": "#/$defs/e", "$defs": DEFINITIONS}, '{"b":1}'),
    ],
)  # fmt: skip
def test_schemas_that_speak_of_the_same_object_do_not_close_it(schema: dict[str, Any], text: str) -> None:
    assert Draft202012Validator(schema).is_valid(json.loads(text))
    assert is_legal(TurnShape(final_schema=schema), text)
