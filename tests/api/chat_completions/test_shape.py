from typing import Any

import pytest

from ossian.api.chat_completions.schema import ChatCompletionRequest
from ossian.api.chat_completions.shape import turn_shape
from ossian.errors import InvalidRequestError
from ossian.harmony.grammar import CustomGrammar, FunctionGrammar, Syntax, TurnShape

CITY: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
STRICT = CITY | {"additionalProperties": False}


def function(name: str, parameters: Any = None, strict: bool | None = None) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": parameters, "strict": strict}}


def custom(name: str, form: Any = None) -> dict[str, Any]:
    return {"type": "custom", "custom": {"name": name, "format": form}}


def grammar(syntax: str, definition: str) -> dict[str, Any]:
    return {"type": "grammar", "grammar": {"syntax": syntax, "definition": definition}}


def schema_format(schema: Any, strict: bool | None = None) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "a", "schema": schema, "strict": strict}}


def shape(**fields: Any) -> TurnShape:
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], **fields}
    return turn_shape(ChatCompletionRequest.model_validate(body))


def refusal(**fields: Any) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        shape(**fields)
    return caught.value


@pytest.mark.parametrize("fields", [{}, {"tools": []}, {"response_format": {"type": "text"}}, {"tool_choice": "auto"}])
def test_a_plain_request_leaves_analysis_and_text(fields: dict[str, Any]) -> None:
    assert shape(**fields) == TurnShape()


def test_tools_in_their_order_with_the_place_of_each() -> None:
    tools = [
        function("f", CITY),
        custom("t"),
        function("g"),
        custom("l", grammar("lark", 'start: "a"')),
        custom("r", grammar("regex", "a+")),
        custom("x", {"type": "text"}),
    ]
    assert shape(tools=tools).tools == (
        FunctionGrammar("f", CITY, "tools[0].function.parameters"),
        CustomGrammar("t", param="tools[1].custom.format"),
        FunctionGrammar("g", None, "tools[2].function.parameters"),
        CustomGrammar("l", Syntax.LARK, 'start: "a"', "tools[3].custom.format.grammar.definition"),
        CustomGrammar("r", Syntax.REGEX, "a+", "tools[4].custom.format.grammar.definition"),
        CustomGrammar("x", Syntax.TEXT, "", "tools[5].custom.format"),
    )


def test_functions_in_the_older_form() -> None:
    made = shape(functions=[{"name": "f", "parameters": CITY}, {"name": "g"}], function_call={"name": "f"})
    assert made == TurnShape((FunctionGrammar("f", CITY, "functions[0].parameters"),), must_call=True)


@pytest.mark.parametrize(
    "choice, names, is_must",
    [
        ("auto", ["f", "g", "c"], False),
        ("required", ["f", "g", "c"], True),
        ("none", [], False),
        ({"type": "function", "function": {"name": "g"}}, ["g"], True),
        ({"type": "custom", "custom": {"name": "c"}}, ["c"], True),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {
                    "mode": "required",
                    "tools": [
                        {"type": "custom", "custom": {"name": "c"}},
                        {"type": "function", "function": {"name": "f"}},
                    ],
                },
            },
            ["f", "c"],
            True,
        ),
    ],
    ids=str,
)
def test_a_choice_leaves_fewer_tools(choice: Any, names: list[str], is_must: bool) -> None:
    made = shape(tools=[function("f"), function("g"), custom("c")], tool_choice=choice)
    assert [tool.name for tool in made.tools] == names
    assert made.must_call is is_must


def test_tools_that_are_not_offered_keep_their_places() -> None:
    choice = {"type": "function", "function": {"name": "g"}}
    (tool,) = shape(tools=[function("f"), function("g", CITY)], tool_choice=choice).tools
    assert tool.param == "tools[1].function.parameters"


def test_formats() -> None:
    assert shape(response_format={"type": "json_object"}).final_schema == {"type": "object"}
    made = shape(response_format=schema_format(CITY))
    assert (made.final_schema, made.final_param) == (CITY, "response_format.json_schema.schema")
    assert shape(response_format={"type": "json_schema", "json_schema": {"name": "a"}}).final_schema == {}


def test_the_cap_on_analysis() -> None:
    assert shape(reasoning={"max_tokens": 0}).max_analysis_tokens == 0
    assert shape(reasoning={"max_tokens": 9, "effort": "high"}).max_analysis_tokens == 9
    assert shape(reasoning={"effort": "high"}).max_analysis_tokens is None


@pytest.mark.parametrize(
    "fields, param",
    [
        ({"response_format": schema_format({"properties": {"a": {"not": {}}}})}, "schema.properties.a.not"),
        ({"response_format": schema_format(CITY, strict=True)}, "schema.additionalProperties"),
        ({"response_format": schema_format({"type": "string"}, strict=True)}, "schema.type"),
    ],
)
def test_an_answers_schema_that_is_not_enforced(fields: dict[str, Any], param: str) -> None:
    error = refusal(**fields)
    assert error.param == f"response_format.json_schema.{param}"
    assert error.code == "invalid_json_schema"


@pytest.mark.parametrize(
    "tool, param",
    [
        (function("f", {"type": "array"}), "type"),
        (function("f", {"type": ["object", "null"]}), "type"),
        (function("f", {"properties": {"a": {"contains": {}}}}), "properties.a.contains"),
        (function("f", CITY, strict=True), "additionalProperties"),
    ],
)
@pytest.mark.parametrize("choice", ["auto", "none"])
def test_arguments_that_are_not_enforced(tool: dict[str, Any], param: str, choice: str) -> None:
    """Though nobody may call the tool: the next request with it would fail otherwise."""
    error = refusal(tools=[function("a"), tool], tool_choice=choice)
    assert error.param == f"tools[1].function.parameters.{param}"


def test_strict_schemas_pass() -> None:
    made = shape(tools=[function("f", STRICT, strict=True)], response_format=schema_format(STRICT, strict=True))
    assert made.final_schema == STRICT
