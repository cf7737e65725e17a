"""What a schema may ask for: refusals name keyword and path, and what passes is enforced as it stands."""

import json
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from ossian.errors import InvalidRequestError
from ossian.harmony.enforceable_schema import enforceable
from ossian.harmony.grammar import TurnShape
from ossian.harmony.json_schema import MAX_BYTES, MAX_DEPTH, check_schema, locate
from ossian.harmony.token_mask import load_grammars


class Leaf(BaseModel):
    kind: Literal["leaf"]
    value: int | float | None = None


class Branch(BaseModel):
    kind: Literal["branch"]
    left: "Tree"
    right: "Tree"


Tree = Leaf | Branch
Branch.model_rebuild()


class Order(BaseModel):
    id: str = Field(pattern=r"^[A-Z]{2}-\d{3,6}$", description="The order's number")
    tags: list[str] = Field(default_factory=list, max_length=5)
    amounts: dict[str, float] = Field(default_factory=dict)
    status: Literal["open", "paid"] = "open"


class Forest(BaseModel):
    trees: list[Leaf | Branch] = Field(min_length=1)
    best: Leaf | Branch = Field(discriminator="kind")
    order: Order | None


ACCEPTED: dict[str, Any] = {
    "nothing": {},
    "pydantic": Order.model_json_schema(),
    "pydantic, recursive unions": Forest.model_json_schema(),
    "zod": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "a": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "b": {"type": "integer", "format": "int64"},
        },
        "required": ["a"],
        "additionalProperties": False,
    },
    "names like keywords": {"type": "object", "properties": {"not": {"type": "string"}, "if": {"enum": [{"not": 1}]}}},
    "unique items that are not asked for": {"type": "array", "items": {"type": "string"}, "uniqueItems": False},
    "names that are texts": {"propertyNames": {"type": "string"}, "additionalProperties": {"type": "string"}},
    "a format of nobody": {"type": "string", "format": "password"},
    "a tuple": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "null"}], "items": False, "minItems": 2},
    "a union by type": {"oneOf": [{"type": "string"}, {"type": "null"}, {"type": "integer"}]},
    "a list of itself": {"type": "array", "items": {"$ref": "#"}},
    "a constant": {"const": {"a": [1, "b"]}},
    "all of": {"allOf": [{"type": "object", "properties": {"a": {"type": "string"}}}, {"required": ["a"]}]},
    "patterns of names": {"patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": False},
}  # fmt: skip


@pytest.mark.parametrize("name", ACCEPTED)
def test_schemas_from_real_life_are_enforced(name: str) -> None:
    check_schema(ACCEPTED[name], "schema")
    mask = load_grammars().compile(TurnShape(final_schema=ACCEPTED[name])).mask()
    assert mask.allowed().any()


@pytest.mark.parametrize("text", ["\b\t\n\f\r", "\x7f\x80\u2028", '"\\/'])
def test_characters_that_json_can_write_are_enforced(text: str) -> None:
    schema = {"properties": {"a": {"const": text}}, "additionalProperties": {"type": "integer"}}
    check_schema(schema, "s")
    assert load_grammars().compile(TurnShape(final_schema=schema)) is not None


@pytest.mark.parametrize(
    "schema, param",
    [
        ({"not": {"type": "string"}}, "s.not"),
        ({"type": "object", "properties": {"a": {"items": {"if": {}}}}}, "s.properties.a.items.if"),
        ({"$defs": {"x": {"uniqueItems": True}}, "$ref": "#/$defs/x"}, "s.$defs.x.uniqueItems"),
        ({"anyOf": [{"type": "string"}, {"contains": {}}]}, "s.anyOf[1].contains"),
        ({"type": "string", "format": "uri-reference"}, "s.format"),
        ({"type": "object", "minProperties": 2}, "s.minProperties"),
        (
            {"minProperties": 2, "patternProperties": {"^x": {}}, "additionalProperties": False, "maxProperties": 4},
            "s.minProperties",
        ),
        ({"type": "string", "minLength": 100_000}, "s.minLength"),
        ({"properties": {"a": {"const": "0\x07"}}}, "s.properties.a.const"),
        ({"enum": ["a", {"b": ["\x1f"]}]}, "s.enum"),
        ({"properties": {"\x00": {}}}, "s.properties"),
        ({"required": ["\x0b"]}, "s.required"),
        ({"$ref": "https://example.com/schema.json"}, "s.$ref"),
        ({"properties": {"a": {"$ref": "#/$defs/b"}}}, "s.properties.a.$ref"),
        ({"$ref": "#"}, "s.$ref"),
        ({"properties": {"next": {"$ref": "#"}}, "required": ["next"]}, "s.properties.next.$ref"),
        ({"type": "array", "minItems": 1, "items": {"$ref": "#"}}, "s.items.$ref"),
        ({"type": "array", "prefixItems": [{}], "minItems": 2, "items": {"$ref": "#"}}, "s.items.$ref"),
        (
            {"type": "object", "required": ["a"], "additionalProperties": {"$ref": "#"}},
            "s.additionalProperties.$ref",
        ),
        (
            {"type": "object", "minProperties": 1, "additionalProperties": {"$ref": "#"}},
            "s.additionalProperties.$ref",
        ),
        ({"properties": {"a": {"$ref": "#/components/A"}}, "components": {"A": {"not": {}}}}, "s.properties.a.$ref"),
        ({"anyOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"allOf": [{"$ref": "#"}]}}}, "s.anyOf[0].$ref"),
    ],
    ids=str,
)
def test_what_is_not_enforced_is_refused_with_its_path(schema: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        check_schema(schema, "s")
    assert caught.value.param == param
    assert f"'{param}'" in caught.value.message


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


def test_depth_has_a_limit_that_is_said() -> None:
    check_schema(nested(45), "s")
    assert load_grammars().compile(TurnShape(final_schema=nested(45))).mask().allowed().any()
    for depth in (60, 20_000):
        with pytest.raises(InvalidRequestError, match=f"more than {MAX_DEPTH} levels"):
            check_schema(nested(depth), "s")


def test_size_has_a_limit_that_is_said() -> None:
    with pytest.raises(InvalidRequestError, match=f"the most is {MAX_BYTES}"):
        check_schema({"enum": ["x" * 1000] * 1100}, "s")


def test_a_chain_of_references_is_followed_in_linear_time() -> None:
    definitions: dict[str, Any] = {f"d{index}": {"$ref": f"#/$defs/d{index + 1}"} for index in range(10_000)}
    check_schema({"$defs": {**definitions, "d10000": {"type": "string"}}, "$ref": "#/$defs/d0"}, "s")


def test_references_that_end_one_after_the_other_are_followed_in_linear_time() -> None:
    definitions: dict[str, Any] = {f"d{index + 1}": {"$ref": f"#/$defs/d{index}"} for index in range(10_000)}
    properties = {name: {"$ref": f"#/$defs/{name}"} for name in definitions}
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    check_schema({**schema, "$defs": {"d0": {"type": "string"}, **definitions}}, "s")


def test_large_unions_are_compared_in_linear_time() -> None:
    def variant(index: int) -> dict[str, Any]:
        tags = {"enum": [f"{index} {each}" for each in range(5)]}
        return {"type": "object", "properties": {"kind": tags}, "required": ["kind"]}

    union = {"oneOf": [{"$ref": f"#/$defs/v{index}"} for index in range(200)]}
    schema = {"properties": {f"p{index}": union for index in range(100)}}
    schema["$defs"] = {f"v{index}": variant(index) for index in range(200)}
    check_schema(schema, "s")
    assert all("anyOf" in each for each in enforceable(schema)["properties"].values())


def test_variants_that_no_value_shares_need_no_counting() -> None:
    pets = {
        "oneOf": [{"$ref": "#/$defs/cat"}, {"$ref": "#/$defs/dog"}, {"type": "null"}],
        "$defs": {
            "cat": {"type": "object", "properties": {"kind": {"const": "cat"}}, "required": ["kind"]},
            "dog": {"type": "object", "properties": {"kind": {"enum": ["dog", "wolf"]}}, "required": ["kind"]},
        },
    }
    assert "anyOf" in enforceable(pets)
    shared = json.loads(json.dumps(pets).replace('"wolf"', '"cat"'))
    optional = json.loads(json.dumps(pets).replace('"required": ["kind"]', '"required": []'))
    assert "oneOf" in enforceable(shared)
    assert "oneOf" in enforceable(optional)
    for schema in ({"type": "number"}, {"type": ["integer", "null"]}, {"minimum": 3}, True):
        assert "oneOf" in enforceable({"oneOf": [{"type": "integer"}, schema]})


def test_what_is_enforced_is_what_was_asked_for() -> None:
    schema = {"title": "T", "type": "object", "properties": {"title": {"type": "string", "default": "x"}}}
    kept = {key: value for key, value in enforceable(schema).items() if key != "x-guidance"}
    assert kept == {"type": "object", "properties": {"title": {"type": "string"}}, "additionalProperties": False}


PROPERTIES = {"properties": {"a": {"type": "string"}}}


@pytest.mark.parametrize(
    "schema, is_closed",
    [
        (PROPERTIES, True),
        ({**PROPERTIES, "required": ["a"]}, True),
        ({**PROPERTIES, "required": ["b"]}, False),
        ({**PROPERTIES, "additionalProperties": {"type": "string"}}, False),
        ({**PROPERTIES, "patternProperties": {"^x": {}}}, False),
        ({**PROPERTIES, "anyOf": [{"properties": {"b": {}}}]}, False),
        ({"allOf": [PROPERTIES, {"properties": {"b": {}}}]}, False),
        ({"type": "object"}, False),
        ({"anyOf": [PROPERTIES]}, True),
    ],
    ids=str,
)
def test_a_model_makes_up_no_properties(schema: dict[str, Any], is_closed: bool) -> None:
    assert ('"additionalProperties": false' in json.dumps(enforceable(schema))) is is_closed
    assert load_grammars().compile(TurnShape(final_schema=schema)).mask().allowed().any()


def test_an_error_is_located_in_the_innermost_schema_that_has_it() -> None:
    schema = {"properties": {"a": {"items": {"bad": 1}}, "b": {"type": "string"}}}
    path = locate(schema, "bad", lambda each: "bad" if "bad" in json.dumps(each) else "")
    assert path == ("properties", "a", "items")


def test_an_error_is_not_located_at_any_price() -> None:
    schema: dict[str, Any] = {"bad": 1, "enum": ["x" * 500_000]}
    for _ in range(40):
        schema = {"items": schema}
    tried: list[object] = []

    def error_of(each: Any) -> str:
        tried.append(each)
        return "bad"

    path = locate(schema, "bad", error_of)
    assert 5 < len(tried) < 10
    assert path == ("items",) * len(tried)


@pytest.mark.parametrize(
    "schema", [{"$ref": "#/" + "x" * 9_000}, {"properties": {"x" * 9_000: {"not": {}}}}, {"required": {"x" * 9_000: 1}}]
)
def test_errors_are_short_whatever_the_names(schema: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        check_schema(schema, "s")
    assert len(str(caught.value)) < 500
    assert len(caught.value.param or "") < 200


def test_patterns_have_a_length_that_is_said() -> None:
    check_schema({"properties": {"a": {"pattern": "a" * 2_000}}}, "s")
    for schema, param in (
        ({"properties": {"a": {"pattern": "a" * 2_001}}}, "s.properties.a.pattern"),
        ({"patternProperties": {"a" * 2_001: {}}}, "s.patternProperties"),
        ({"anyOf": [{"pattern": "a" * 1_001}] * 50}, "s.anyOf[0].pattern"),
    ):
        with pytest.raises(InvalidRequestError, match=r"can have \d+ characters") as caught:
            check_schema(schema, "s")
        assert caught.value.param == param


leaves = st.sampled_from(
    [{"type": "string"}, {"type": "integer", "minimum": 3}, {"type": "boolean"}, {"enum": ["a", 1, None]}, {"const": 2},
     {"type": "string", "pattern": "^a+$"}, {"type": "string", "format": "date"}, {}, {"$ref": "#"},
     {"type": ["string", "null"]}]
)  # fmt: skip
keywords = st.sampled_from(["anyOf", "oneOf", "allOf", "prefixItems"])
schemas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3).map(
            lambda properties: {"type": "object", "properties": properties, "required": sorted(properties)[:1]}
        ),
        inner.map(lambda items: {"type": "array", "items": items}),
        st.tuples(keywords, st.lists(inner, min_size=1, max_size=3)).map(lambda pair: {pair[0]: pair[1]}),
        inner.map(lambda each: {"type": "object", "additionalProperties": each}),
    ),
    max_leaves=6,
)


@given(schemas)
@settings(max_examples=60)
def test_any_schema_is_enforced_or_refused(schema: dict[str, Any]) -> None:
    try:
        check_schema(schema, "s")
        is_enforced = bool(
            load_grammars().compile(TurnShape(final_schema=schema, final_param="s")).mask().allowed().any()
        )
        place = "s"
    except InvalidRequestError as error:
        is_enforced, place = False, error.param or ""
    assert is_enforced or place.startswith("s")
