"""Tools as TypeScript, rule by rule, and against openai-harmony over generated schemas."""

from typing import Any

import openai_harmony as reference
import pytest
from hypothesis import given, settings

from ossian.errors import InvalidRequestError
from ossian.harmony.messages import Conversation, Tool, ToolNamespace
from ossian.harmony.tools import MAX_SCHEMA_DEPTH, lines_of, tools_section, typescript
from tests.harmony import strategies
from tests.harmony.oracle import developer_message


@pytest.mark.parametrize(
    "schema, expected",
    [
        ({"type": "string"}, "string"),
        ({"type": "integer"}, "number"),
        ({"type": "number"}, "number"),
        ({"type": "boolean"}, "boolean"),
        ({"type": "null"}, "any"),
        ({"type": "file"}, "any"),
        ({}, "any"),
        (True, "any"),
        (None, "any"),
        ({"$ref": "#/$defs/x"}, "any"),
        ({"anyOf": [{"type": "string"}]}, "any"),
        ({"type": "string", "enum": ["a", 'b"']}, '"a" | "b""'),
        ({"type": "string", "enum": [1, 2]}, "string"),
        ({"type": "string", "enum": []}, "string"),
        ({"type": "integer", "enum": [1, 2]}, "number"),
        ({"enum": ["a"]}, "any"),
        ({"type": "array"}, "Array<any>"),
        ({"type": "array", "items": {"type": "string"}}, "string[]"),
        ({"type": "array", "items": {"type": "array", "items": {}}}, "any[][]"),
        ({"type": ["integer", "null"]}, "number | null"),
        ({"type": ["string", 1]}, "string"),
        ({"type": []}, "any"),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, "\n | string\n | number"),
        ({"oneOf": []}, ""),
        ({"oneOf": "x", "type": "string"}, "string"),
        (
            {"oneOf": [{"type": "string", "description": "d", "default": "x", "nullable": True}]},
            '\n | string | null // d default: "x"',
        ),
        ({"oneOf": [{"type": "string", "enum": ["x"], "default": "x"}]}, '\n | "x" // default: "x"'),
        ({"type": "object"}, "{\n}"),
        ({"type": "object", "description": "d"}, "// d\n{\n}"),
    ],
)
def test_types(schema: object, expected: str) -> None:
    assert typescript(schema) == expected


def properties(**schemas: object) -> dict[str, Any]:
    return {"type": "object", "properties": schemas}


@pytest.mark.parametrize(
    "schema, expected",
    [
        ({"type": "string"}, "key?: string,"),
        ({"type": "string", "nullable": True}, "key?: string | null,"),
        ({"type": "string", "nullable": "yes"}, "key?: string,"),
        ({"type": ["string", "null"], "nullable": True}, "key?: string | null,"),
        ({"type": "string", "description": "d"}, "// d\nkey?: string,"),
        ({"type": "string", "description": "one\ntwo"}, "// one\ntwo\nkey?: string,"),
        ({"type": "string", "title": "T"}, "// T\n//\nkey?: string,"),
        ({"type": "string", "title": "T", "description": "d"}, "// T\n//\n// d\nkey?: string,"),
        ({"type": "string", "examples": ["a", 1, "b"]}, '// Examples:\n// - "a"\n// - "b"\nkey?: string,'),
        ({"type": "string", "examples": []}, "key?: string,"),
        ({"type": "string", "default": "x"}, 'key?: string, // default: "x"'),
        ({"type": "string", "enum": ["x"], "default": "x"}, 'key?: "x", // default: x'),
        ({"type": "integer", "default": 5}, "key?: number, // default: 5"),
        ({"default": None}, "key?: any, // default: null"),
        ({"default": {"a": [1, True]}}, 'key?: any, // default: {"a":[1,true]}'),
        ({"default": 1e-7}, "key?: any, // default: 1e-7"),
        ({"default": 2**70}, f"key?: any, // default: {2**70}"),
        ({"default": "ü"}, 'key?: any, // default: "ü"'),
        (True, "key?: any,"),
        (properties(inner={"type": "string"}), "key?: {\n    inner?: string,\n    },"),
        (
            {"type": "object", "description": "d", "properties": {"inner": {"description": "e"}}},
            "// d\nkey?:     // d\n{\n    // e\n    inner?: any,\n    },",
        ),
        ({"oneOf": [{"type": "string"}, True]}, "key?:\n | string\n | any\n,"),
        (
            {"oneOf": [{"type": "string"}], "description": "d", "default": "x"},
            '// d\n// default: "x"\nkey?:\n | string\n,',
        ),
        # openai-harmony leaves the first variant's description out under the property's own …
        ({"oneOf": [{"description": "first"}], "description": "d"}, "// d\nkey?:\n | any\n,"),
        ({"oneOf": [{}, {"description": "second"}], "description": "d"}, "// d\nkey?:\n | any\n | any // second\n,"),
        # … and says a repeated description nowhere
        ({"oneOf": [{"description": "d"}], "description": "d"}, "key?:\n | any\n,"),
        ({"oneOf": "x", "description": "d", "default": 1}, "key?: any,"),
        ({"oneOf": [properties(a={"type": "string"})]}, "key?:\n | {\n   a?: string,\n   }\n,"),
    ],
)
def test_properties(schema: object, expected: str) -> None:
    assert typescript(properties(key=schema)) == f"{{\n{expected}\n}}"


def test_required_properties_and_their_order() -> None:
    schema = properties(b={}, a={}, c={}) | {"required": ["a", 1, "c"]}
    assert typescript(schema) == "{\nb?: any,\na: any,\nc: any,\n}"


@pytest.mark.parametrize("wrong", [None, [], "x", 1])
def test_wrong_properties_are_none(wrong: object) -> None:
    assert typescript({"type": "object", "properties": wrong, "required": wrong}) == "{\n}"


def test_a_namespace() -> None:
    tools = (Tool("now"), Tool("add", "Adds.\r\nTwo lines.\n", {"type": "object", "properties": {}}))
    assert tools_section([ToolNamespace("functions", tools, "Mine.\nAll.")]) == (
        "# Tools\n\n## functions\n\n// Mine.\n// All.\nnamespace functions {\n\n"
        "type now = () => any;\n\n// Adds.\n// Two lines.\ntype add = (_: {\n}) => any;\n\n} // namespace functions"
    )


def test_namespaces_are_in_order_of_name_so_that_prompts_are_alike() -> None:
    one, two = ToolNamespace("one", (Tool("x"),)), ToolNamespace("two", (Tool("x"),))
    assert tools_section([two, one]) == tools_section([one, two])


@pytest.mark.parametrize(
    "text, expected",
    [("", []), ("a", ["a"]), ("a\n", ["a"]), ("a\r\n\nb\r", ["a", "", "b\r"]), ("a\x0bb\u2028c", ["a\x0bb\u2028c"])],
)
def test_lines(text: str, expected: list[str]) -> None:
    assert lines_of(text) == expected


@pytest.mark.parametrize("name", ["", "a b", "é", "a.b", "x" * 65, "a\n", "<|end|>"])
def test_bad_names_are_rejected(name: str) -> None:
    for namespaces, what in (
        ([ToolNamespace("functions", (Tool(name),))], "tool"),
        ([ToolNamespace(name, (Tool("a"),))], "namespace"),
    ):
        with pytest.raises(InvalidRequestError, match=f"Invalid {what} name .*use 1 to 64 of the characters") as error:
            tools_section(namespaces)
        assert error.value.param == "tools"


def test_repeated_names_are_rejected() -> None:
    with pytest.raises(InvalidRequestError, match="tool name 'a' is used twice"):
        tools_section([ToolNamespace("functions", (Tool("a"), Tool("b"), Tool("a")))])
    with pytest.raises(InvalidRequestError, match="namespace name 'functions' is used twice"):
        tools_section([ToolNamespace("functions", (Tool("a"),)), ToolNamespace("functions", (Tool("b"),))])


@pytest.mark.parametrize(
    "wrap",
    [
        lambda schema: {"type": "array", "items": schema},
        lambda schema: {"oneOf": [schema]},
        lambda schema: properties(a=schema),
        lambda schema: properties(a={"oneOf": [schema]}),
    ],
)
def test_endless_nesting_is_rejected_and_deep_nesting_is_not(wrap: Any) -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(MAX_SCHEMA_DEPTH // 2):
        schema = wrap(schema)
    assert "string" in typescript(schema)
    for _ in range(10_000):
        schema = wrap(schema)
    with pytest.raises(InvalidRequestError, match=f"nested deeper than {MAX_SCHEMA_DEPTH} levels"):
        typescript(schema)


def oracle_section(oracle: reference.HarmonyEncoding, namespace: ToolNamespace) -> str:
    rendered = oracle.decode(oracle.render(developer_message(None, [namespace])))
    return rendered.removeprefix("<|start|>developer<|message|>").removesuffix("<|end|>")


@settings(deadline=None, max_examples=300)
@given(strategies.schemas_over(strategies.schemas) | strategies.objects, strategies.texts)
def test_says_what_the_oracle_says(oracle: reference.HarmonyEncoding, schema: Any, description: str) -> None:
    namespace = ToolNamespace("functions", (Tool("tool", description, schema),), description)
    assert tools_section([namespace]) == oracle_section(oracle, namespace)


def test_a_conversations_schema_is_not_copied_or_changed() -> None:
    schema = properties(a={"type": "string"})
    Conversation((), tools=(ToolNamespace("functions", (Tool("a", "", schema),)),))
    typescript(schema)
    assert schema == properties(a={"type": "string"})
