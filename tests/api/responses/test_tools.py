from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.api.fields import JsonObject
from ossian.api.responses.tools import MAX_OFFERED, MAX_TOOLS, Offer, ToolName, must_call, names_wanted
from ossian.errors import InvalidRequestError
from tests.api.responses.asking import WEB_SEARCH, custom, function, namespace, refusal, request

AGENTS = namespace("agents", function("spawn"), custom("say"), description="Other agents.")
TOOLS = [function("add"), custom("patch"), AGENTS, WEB_SEARCH]
LARK = {"type": "grammar", "syntax": "lark", "definition": 'start: "a"'}


def offered(choice: Any = None, tools: list[JsonObject] = TOOLS) -> list[str]:
    return [offer.name for offer in request(tools=tools, tool_choice=choice).offered]


def test_tools_are_offered_under_one_name_each() -> None:
    offers = request(tools=TOOLS).offered
    assert [(each.name, each.namespace, each.param) for each in offers] == [
        ("add", None, "tools[0]"),
        ("patch", None, "tools[1]"),
        ("agents__spawn", "agents", "tools[2].tools[0]"),
        ("agents__say", "agents", "tools[2].tools[1]"),
    ]
    assert all(isinstance(each, Offer) for each in offers)


def test_the_names_lead_back_to_the_request() -> None:
    assert request(tools=TOOLS).tool_names == {
        "add": ToolName("function", "add"),
        "patch": ToolName("custom", "patch"),
        "agents__spawn": ToolName("function", "spawn", "agents"),
        "agents__say": ToolName("custom", "say", "agents"),
    }
    assert request(tools=TOOLS, tool_choice="none").tool_names == {}
    assert request().tool_names == {}


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
    "tools",
    [
        [{"type": "web_search"}],
        [{"type": "web_search_preview", "search_context_size": "low"}],
        [{"type": "mcp", "server_label": "docs", "server_url": "https://example.com/mcp", "require_approval": "never"}],
        [{"type": "file_search", "vector_store_ids": ["vs_1"], "max_num_results": 20}],
        [{"type": "code_interpreter", "container": {"type": "auto"}}],
        [{"type": "local_shell"}, {"type": "image_generation"}, {"type": "from_the_future", "with": ["anything"]}],
    ],
)
def test_hosted_tools_are_kept_for_the_echo_and_not_offered(tools: list[JsonObject]) -> None:
    asked = request(tools=tools)
    assert asked.offered == []
    assert asked.model_dump(mode="json", exclude_unset=True)["tools"] == tools


def test_tools_and_choices_are_written_as_they_were_read() -> None:
    tools = [
        function("add", description="Adds.", parameters={"type": "object"}, strict=None, output_schema={}),
        function("subtract", **{"async": False}),
        custom("patch", format=LARK, defer_loading=True, allowed_callers=["direct"]),
        AGENTS,
        WEB_SEARCH,
    ]
    choice = {"type": "allowed_tools", "mode": "auto", "tools": [WEB_SEARCH, {"type": "function", "name": "add"}]}
    dumped = request(tools=tools, tool_choice=choice).model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert (dumped["tools"], dumped["tool_choice"]) == (tools, choice)


@pytest.mark.parametrize(
    "tools, param",
    [
        ([3], "tools[0]"),
        ([{}], "tools[0].type"),
        ([{"name": "add"}], "tools[0].type"),
        ([{"type": "function"}], "tools[0].name"),
        ([{"type": "function", "function": {"name": "add"}}], "tools[0].name"),
        ([function("a b")], "tools[0].name"),
        ([function("a", parameters=[])], "tools[0].parameters"),
        ([function("a", colour="red")], "tools[0].colour"),
        ([function("a"), function("a")], "tools[1].name"),
        ([function("a"), custom("a")], "tools[1].name"),
        ([function("n__a"), namespace("n", function("a"))], "tools[1].tools[0].name"),
        ([namespace("n", function("a")), namespace("n", function("a"))], "tools[1].tools[0].name"),
        ([namespace("n", WEB_SEARCH)], "tools[0].tools[0].type"),
        ([custom("p", format=LARK | {"definition": "start: <|end|>"})], "tools[0].format.definition"),
        (
            [namespace("n", custom("p", format=LARK | {"definition": "start: @x"}))],
            "tools[0].tools[0].format.definition",
        ),
        ([custom("p", format={"type": "xml"})], "tools[0].format.type"),
        ([function(f"a{index}") for index in range(MAX_TOOLS + 1)], "tools"),
        (
            [namespace(f"n{n}", *(function(f"a{m}") for m in range(MAX_TOOLS))) for n in range(5)],
            "tools",
        ),
    ],
)
def test_tools_that_cannot_be_are_refused(tools: list[Any], param: str) -> None:
    assert refusal(tools=tools).param == param


def test_a_limit_says_its_number() -> None:
    many = [namespace(f"n{n}", *(function(f"a{m}") for m in range(MAX_TOOLS))) for n in range(5)]
    assert str(MAX_OFFERED) in refusal(tools=many).message


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
