from typing import Any

import pytest

from ossian.api.fields import JsonObject
from ossian.api.responses.tools import MAX_OFFERED, MAX_TOOLS, Offer, ToolName
from tests.api.responses.asking import WEB_SEARCH, custom, function, namespace, refusal, request

AGENTS = namespace("agents", function("spawn"), custom("say"), description="Other agents.")
TOOLS = [function("add"), custom("patch"), AGENTS, WEB_SEARCH]
LARK = {"type": "grammar", "syntax": "lark", "definition": 'start: "a"'}


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
