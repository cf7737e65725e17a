import json
from typing import Any

import pytest
from pydantic import TypeAdapter

from ossian.api.chat_completions.schema import ChatCompletionRequest
from ossian.api.chat_completions.tools import (
    FunctionTool,
    ToolChoice,
    check_tools,
    chosen_names,
    must_call,
    offered,
)
from ossian.api.validation import parse
from ossian.errors import InvalidRequestError


def tool(name: str) -> FunctionTool:
    return FunctionTool.model_validate({"type": "function", "function": {"name": name}})


def choice(value: Any) -> ToolChoice:
    parsed: ToolChoice = TypeAdapter(ToolChoice).validate_python(value)
    return parsed


TOOLS = [tool("add"), tool("sub"), tool("mul")]
NAMED = choice({"type": "function", "function": {"name": "sub"}})


def reference(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name}}


def allowed(mode: str, *names: str) -> ToolChoice:
    return choice({"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": list(map(reference, names))}})


@pytest.mark.parametrize(
    "chosen, names, is_must",
    [
        (None, ["add", "sub", "mul"], False),
        ("auto", ["add", "sub", "mul"], False),
        ("required", ["add", "sub", "mul"], True),
        ("none", [], False),
        (NAMED, ["sub"], True),
        (allowed("auto", "mul", "add"), ["add", "mul"], False),
        (allowed("required", "mul"), ["mul"], True),
    ],
    ids=str,
)
def test_what_a_choice_leaves_the_model(chosen: ToolChoice | None, names: list[str], is_must: bool) -> None:
    check_tools(TOOLS, chosen)
    assert [tool.name for tool in offered(TOOLS, chosen).values()] == names
    assert must_call(chosen) is is_must


def test_the_names_of_a_choice() -> None:
    assert chosen_names("auto") is None
    assert chosen_names(NAMED) == ["sub"]
    assert chosen_names(allowed("auto", "mul", "add")) == ["mul", "add"]


@pytest.mark.parametrize("chosen", [NAMED, allowed("auto", "sub"), "required"], ids=str)
def test_a_choice_of_what_is_not_there(chosen: ToolChoice) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        check_tools([] if chosen == "required" else [tool("add")], chosen)
    assert caught.value.param == "tool_choice"


def test_a_choice_of_nothing_needs_no_tools() -> None:
    check_tools([], "none")
    check_tools([], "auto")


def body(**fields: Any) -> bytes:
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": "Hi"}], **fields}).encode()


def refused(**fields: Any) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        parse(body(**fields), ChatCompletionRequest)
    return caught.value


F = {"type": "function", "function": {"name": "f"}}


def sql(form: Any) -> dict[str, Any]:
    return {"type": "custom", "custom": {"name": "sql", "format": form}}


def lark(definition: str) -> dict[str, Any]:
    return sql({"type": "grammar", "grammar": {"syntax": "lark", "definition": definition}})


@pytest.mark.parametrize(
    "fields, param, reason",
    [
        ({"tools": [F, F]}, "tools[1].function.name", "there are two tools 'f'"),
        ({"tools": [F, {**sql(None), "custom": {"name": "f"}}]}, "tools[1].custom.name", "two tools 'f'"),
        ({"functions": [{"name": "f"}, {"name": "f"}]}, "functions[1].name", "there are two tools 'f'"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools[0].function.name", "1 to 64 of the"),
        ({"tools": [{"type": "function", "function": {"name": "a" * 65}}]}, "tools[0].function.name", "1 to 64 of the"),
        ({"tools": [{**F, "cache_control": {}}]}, "tools[0].cache_control", "Unknown parameter"),
        ({"tools": [{**F, "name": "f"}]}, "tools[0].name", "Unknown parameter"),
        ({"tools": [{"type": "function"}]}, "tools[0].function", "Missing required"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name", "Missing required"),
        ({"tools": [{"function": {"name": "f"}}]}, "tools[0].type", "Missing required"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type", "'function' or 'custom'"),
        ({"tools": [F] * 129}, "tools", "128"),
        ({"tools": [sql({"type": "grammar", "syntax": "lark"})]}, "tools[0].custom.format.grammar", "Missing"),
        ({"tools": [sql({"type": "text", "x": 1})]}, "tools[0].custom.format.x", "Unknown parameter"),
        ({"tools": [lark("start: <|end|>")]}, "tools[0].custom.format.grammar.definition", "'<|end|>' is no part"),
        ({"tools": [lark("")]}, "tools[0].custom.format.grammar.definition", "at least 1"),
        ({"tool_choice": "any"}, "tool_choice", "expected 'none', 'auto' or 'required'"),
        ({"tool_choice": 5}, "tool_choice", "expected 'none', 'auto', 'required', or an object"),
        ({"tool_choice": "required"}, "tool_choice", "there are no tools"),
        ({"tools": [F], "tool_choice": {"type": "function", "name": "f"}}, "tool_choice.function", "Missing"),
        (
            {"tools": [F], "tool_choice": {"type": "custom", "custom": {"name": "f"}}},
            "tool_choice",
            "no custom tool 'f'",
        ),
        ({"tools": [F], "tool_choice": {**F, "x": 1}}, "tool_choice.x", "Unknown parameter"),
        ({"functions": [{"name": "f"}], "function_call": {"name": "g"}}, "function_call", "no function tool 'g'"),
        ({"functions": [{"name": "f"}], "function_call": "required"}, "function_call", "expected 'none' or 'auto'"),
        ({"function_call": {"name": "g"}}, "function_call", "there are no functions"),
        ({"functions": [{"name": "f"}], "tools": [F]}, "functions", "older form of 'tools'"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_tools_that_are_refused(fields: dict[str, Any], param: str, reason: str) -> None:
    error = refused(**fields)
    assert error.param == param
    assert reason in error.message


@pytest.mark.parametrize(
    "fields",
    [
        {"tools": [], "tool_choice": "auto"},
        {"tools": [F], "parallel_tool_calls": True},
        {"tools": [{"type": "function", "function": {"name": "a" * 64, "description": "d" * 100_000}}]},
        {"functions": [], "function_call": "auto"},
        {"functions": [{"name": "f"}], "function_call": "none"},
        {"tools": [lark('start: "a"')], "tool_choice": {"type": "custom", "custom": {"name": "sql"}}},
    ],
    ids=lambda value: str(value)[:60],
)
def test_tools_that_are_accepted(fields: dict[str, Any]) -> None:
    assert parse(body(**fields), ChatCompletionRequest).model == "m"
