from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.api.fields import JsonObject
from ossian.api.responses.tool_choice import must_call, names_wanted
from ossian.errors import InvalidRequestError
from tests.api.responses.asking import WEB_SEARCH, custom, function, namespace, refusal, request

TOOLS = [function("add"), custom("patch"), namespace("agents", function("spawn"), custom("say")), WEB_SEARCH]
LARK = {"type": "grammar", "syntax": "lark", "definition": 'start: "a"'}


def offered(choice: Any = None, tools: list[JsonObject] = TOOLS) -> list[str]:
    return [offer.name for offer in request(tools=tools, tool_choice=choice).offered]


@pytest.mark.parametrize(
    "choice, names",
    [
        (None, ["add", "patch", "agents__spawn", "agents__say"]),
        ("auto", ["add", "patch", "agents__spawn", "agents__say"]),
        ("required", ["add", "patch", "agents__spawn", "agents__say"]),
        ("none", []),
        ({"type": "function", "name": "add"}, ["add"]),
        ({"type": "custom", "name": "patch"}, ["patch"]),
        ({"type": "function", "name": "spawn", "namespace": "agents"}, ["agents__spawn"]),
        ({"type": "function", "name": "agents__spawn"}, ["agents__spawn"]),
        ({"type": "namespace", "name": "agents"}, ["agents__spawn", "agents__say"]),
        ({"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "add"}]}, ["add"]),
        (
            {
                "type": "allowed_tools",
                "tools": [{"type": "namespace", "name": "agents"}, {"type": "custom", "name": "patch"}, WEB_SEARCH],
            },
            ["patch", "agents__spawn", "agents__say"],
        ),
        ({"type": "allowed_tools", "mode": "auto", "tools": [{"type": "web_search"}]}, []),
    ],
)
def test_a_choice_leaves_some(choice: Any, names: list[str]) -> None:
    assert offered(choice) == names


@pytest.mark.parametrize(
    "choice, wants_call, names",
    [
        (None, False, None),
        ("auto", False, None),
        ("none", False, None),
        ("required", True, None),
        ({"type": "function", "name": "add"}, True, ["add"]),
        ({"type": "namespace", "name": "agents"}, True, ["agents__spawn", "agents__say"]),
        ({"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "add"}]}, False, ["add"]),
        ({"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "add"}]}, True, ["add"]),
    ],
)
def test_some_choices_want_a_call(choice: Any, wants_call: bool, names: list[str] | None) -> None:
    asked = request(tools=TOOLS, tool_choice=choice)
    assert must_call(asked.tool_choice) == wants_call
    assert names_wanted(asked.tools, asked.tool_choice) == names


@pytest.mark.parametrize(
    "choice, tools, param",
    [
        ("sometimes", TOOLS, "tool_choice"),
        (3, TOOLS, "tool_choice"),
        ({}, TOOLS, "tool_choice"),
        ({"type": "function", "name": "subtract"}, TOOLS, "tool_choice"),
        ({"type": "function", "name": "patch"}, TOOLS, "tool_choice"),
        ({"type": "function", "name": "spawn"}, TOOLS, "tool_choice"),
        ({"type": "namespace", "name": "add"}, TOOLS, "tool_choice"),
        ({"type": "function"}, TOOLS, "tool_choice.name"),
        ("required", [], "tool_choice"),
        ("required", [WEB_SEARCH], "tool_choice"),
        ({"type": "web_search"}, TOOLS, "tool_choice"),
        ({"type": "mcp", "server_label": "docs"}, TOOLS, "tool_choice"),
        ({"type": "allowed_tools", "mode": "required", "tools": [WEB_SEARCH]}, TOOLS, "tool_choice"),
        ({"type": "allowed_tools", "mode": "auto", "tools": []}, TOOLS, "tool_choice.tools"),
        ({"type": "allowed_tools", "mode": "auto", "tools": ["add"]}, TOOLS, "tool_choice.tools[0]"),
        ({"type": "allowed_tools", "tools": [{"type": "custom", "name": "add"}]}, TOOLS, "tool_choice"),
    ],
)
def test_choices_of_what_is_not_there_are_refused(choice: Any, tools: list[JsonObject], param: str) -> None:
    assert refusal(tools=tools, tool_choice=choice).param == param


def test_a_forced_hosted_tool_is_named() -> None:
    message = refusal(tools=[WEB_SEARCH], tool_choice={"type": "web_search"}).message
    assert "'web_search'" in message
    assert "cannot run" in message


SCALARS = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["add", "agents", "a b", "lark", "x" * 200])
KINDS = st.sampled_from(["function", "custom", "namespace", "web_search", "allowed_tools", "mcp", ""])
NEARLY = st.fixed_dictionaries(
    {},
    optional={
        "type": KINDS | SCALARS,
        "name": SCALARS,
        "namespace": SCALARS,
        "mode": st.sampled_from(["auto", "required"]) | SCALARS,
        "description": SCALARS,
        "parameters": SCALARS | st.just({"type": "object"}),
        "format": st.just(LARK) | st.just({"type": "text"}) | SCALARS,
    },
)
NEARLY_TOOLS = st.lists(
    NEARLY | SCALARS | st.builds(lambda outer, inner: outer | {"tools": inner}, NEARLY, st.lists(NEARLY, max_size=2)),
    max_size=3,
)
CHOICES = (
    st.builds(lambda outer, inner: outer | {"tools": inner}, NEARLY, st.lists(NEARLY, max_size=2)) | NEARLY | SCALARS
)


@given(st.lists(st.sampled_from(TOOLS), max_size=3, unique_by=str) | NEARLY_TOOLS, CHOICES)
def test_any_tools_and_choice_are_taken_or_named(tools: list[Any], choice: Any) -> None:
    try:
        asked = request(tools=tools, tool_choice=choice)
    except InvalidRequestError as error:
        param = error.param or ""
    else:
        dumped = asked.model_dump(mode="json", by_alias=True, exclude_unset=True)
        assert (dumped["tools"], dumped["tool_choice"]) == (tools, choice)
        assert len(asked.tool_names) == len(asked.offered)
        assert not must_call(asked.tool_choice) or asked.offered
        return
    assert param.startswith(("tools", "tool_choice"))
