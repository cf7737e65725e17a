from typing import Any

import pytest

from ossian.api.responses.shape import turn_shape
from ossian.errors import InvalidRequestError
from ossian.harmony.grammar import CustomGrammar, FunctionGrammar, Syntax, TurnShape
from tests.api.responses.asking import (
    CODEX_FIRST,
    TOOLS_OF_CODEX,
    WEB_SEARCH,
    custom,
    function,
    namespace,
    of_file,
    request,
)

CITY: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
STRICT = CITY | {"additionalProperties": False}


def shape(**fields: Any) -> TurnShape:
    return turn_shape(request(**fields))


def refusal(**fields: Any) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        shape(**fields)
    return caught.value


def grammar(syntax: str, definition: str) -> dict[str, Any]:
    return {"type": "grammar", "syntax": syntax, "definition": definition}


def form(schema: Any, **fields: Any) -> dict[str, Any]:
    return {"format": {"type": "json_schema", "name": "a", "schema": schema, **fields}}


@pytest.mark.parametrize(
    "fields", [{}, {"tools": []}, {"tools": [WEB_SEARCH]}, {"text": {"format": {"type": "text"}}}, {"text": {}}]
)
def test_a_plain_request_leaves_analysis_and_text(fields: dict[str, Any]) -> None:
    assert shape(**fields) == TurnShape()


def test_tools_in_their_order_with_the_place_of_each() -> None:
    tools = [
        function("f", parameters=CITY),
        WEB_SEARCH,
        namespace("n", custom("t"), function("g", parameters={"type": "object", "properties": {}})),
        custom("l", format=grammar("lark", 'start: "a"')),
        custom("r", format=grammar("regex", "a+")),
        custom("x", format={"type": "text"}),
    ]
    assert shape(tools=tools).tools == (
        FunctionGrammar("f", CITY, "tools[0].parameters"),
        CustomGrammar("n__t", param="tools[2].tools[0].format"),
        FunctionGrammar("n__g", None, "tools[2].tools[1].parameters"),
        CustomGrammar("l", Syntax.LARK, 'start: "a"', "tools[3].format.definition"),
        CustomGrammar("r", Syntax.REGEX, "a+", "tools[4].format.definition"),
        CustomGrammar("x", param="tools[5].format"),
    )


@pytest.mark.parametrize(
    "choice, names, must_call",
    [
        ("none", [], False),
        ("auto", ["f", "n__g"], False),
        ("required", ["f", "n__g"], True),
        ({"type": "function", "name": "g", "namespace": "n"}, ["n__g"], True),
        ({"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "f"}]}, ["f"], True),
    ],
)
def test_the_choice_is_enforced(choice: Any, names: list[str], must_call: bool) -> None:
    made = shape(tools=[function("f"), namespace("n", function("g"))], tool_choice=choice)
    assert ([tool.name for tool in made.tools], made.must_call) == (names, must_call)


@pytest.mark.parametrize(
    "text, schema, param",
    [
        ({"format": {"type": "json_object"}}, {"type": "object"}, "text.format"),
        (form(CITY), CITY, "text.format.schema"),
        (form(STRICT, strict=True), STRICT, "text.format.schema"),
        (form({}), {}, "text.format.schema"),
    ],
)
def test_the_answers_schema(text: Any, schema: Any, param: str) -> None:
    made = shape(text=text)
    assert (made.final_schema, made.final_param) == (schema, param)


def test_reasoning_may_be_bounded() -> None:
    assert shape(reasoning={"max_tokens": 5}).max_analysis_tokens == 5


@pytest.mark.parametrize(
    "fields, param",
    [
        ({"tools": [function("f", parameters={"type": "string"})]}, "tools[0].parameters.type"),
        ({"tools": [function("f", parameters=CITY, strict=True)]}, "tools[0].parameters"),
        ({"tools": [WEB_SEARCH, namespace("n", function("f", parameters={"type": "array"}))]}, "tools[1].tools[0]"),
        ({"tools": [function("f", parameters={"type": "array"})], "tool_choice": "none"}, "tools[0].parameters.type"),
        ({"text": form(CITY, strict=True)}, "text.format.schema"),
        ({"text": form({"type": 5})}, "text.format.schema.type"),
        ({"tools": [function("f")], "ignore_eos": True}, "ignore_eos"),
        ({"text": {"format": {"type": "json_object"}}, "ignore_eos": True}, "ignore_eos"),
    ],
)
def test_what_cannot_be_enforced_is_refused(fields: dict[str, Any], param: str) -> None:
    assert (refusal(**fields).param or "").startswith(param)


def test_schemas_without_strict_need_not_be() -> None:
    assert shape(tools=[function("f", parameters=CITY)]).tools == (FunctionGrammar("f", CITY, "tools[0].parameters"),)
    assert shape(ignore_eos=True) == TurnShape()


def test_what_codex_leaves_the_model() -> None:
    made = turn_shape(of_file(CODEX_FIRST))
    assert [tool.name for tool in made.tools] == TOOLS_OF_CODEX
    assert not made.must_call
