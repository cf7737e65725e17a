from typing import Any

import pytest
from pydantic import TypeAdapter

from ossian.api.chat_completions.tools import (
    FunctionTool,
    ToolChoice,
    check_tools,
    chosen_names,
    must_call,
    offered,
)
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
