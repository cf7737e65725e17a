import json
from datetime import date
from typing import Any

import pytest

from ossian.api.chat_completions.prompt import conversation, sampling
from ossian.api.chat_completions.schema import ChatCompletionRequest
from ossian.api.validation import parse
from ossian.engine.base import EngineInfo, SamplingParams
from ossian.harmony.encoding import load_encoding
from ossian.harmony.messages import (
    Channel,
    Conversation,
    Message,
    ReasoningEffort,
    ResponseFormat,
    Role,
    Tool,
    ToolNamespace,
)

INFO = EngineInfo("m", 201_088, 4096, (), "f")
TODAY = date(2026, 11, 20)
USER = {"role": "user", "content": "Hi"}
JSON = "<|constrain|>json"


def request(*messages: Any, **fields: Any) -> ChatCompletionRequest:
    return parse(json.dumps({"model": "m", "messages": messages or [USER], **fields}).encode(), ChatCompletionRequest)


def told(*messages: Any, **fields: Any) -> Conversation:
    return conversation(request(*messages, **fields), TODAY)


def call(call_id: str, name: str = "add", arguments: str = "{}") -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def tool(name: str, **fields: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, **fields}}


def test_a_question() -> None:
    assert told() == Conversation((Message(Role.USER, "Hi"),), current_date=TODAY)


def test_leading_instructions_are_one_text() -> None:
    system = {"role": "system", "content": "Be kind."}
    developer = {"role": "developer", "content": [{"type": "text", "text": "Be "}, {"type": "text", "text": "short."}]}
    assert told(system, developer, USER).instructions == "Be kind.\n\nBe short."
    assert told({"role": "system", "content": ""}, USER).instructions is None


def test_later_instructions_stay_where_they_are() -> None:
    later = told(USER, {"role": "system", "content": "Now in French."}, {"role": "developer", "content": "Please."})
    assert later.instructions is None
    assert later.messages == (
        Message(Role.USER, "Hi"),
        Message(Role.DEVELOPER, "Now in French."),
        Message(Role.DEVELOPER, "Please."),
    )


def test_instructions_alone_are_a_conversation() -> None:
    assert told({"role": "developer", "content": "Say hello."}).messages == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"reasoning": "Hm."},
        {"reasoning_content": "Hm."},
        {"reasoning": "Hm.", "reasoning_content": "Hm."},
        {"reasoning": "Hm.", "reasoning_content": "Other."},
    ],
)
def test_reasoning_comes_back_under_either_name(fields: dict[str, str]) -> None:
    assert told(USER, {"role": "assistant", "content": "Hello.", **fields}).messages[1:] == (
        Message(Role.ASSISTANT, "Hm.", channel=Channel.ANALYSIS),
        Message(Role.ASSISTANT, "Hello.", channel=Channel.FINAL),
    )


def test_a_tool_loop() -> None:
    assistant = {
        "role": "assistant",
        "content": "I add.",
        "reasoning": "Add.",
        "tool_calls": [call("1", arguments="[]")],
    }
    result = {"role": "tool", "tool_call_id": "1", "content": [{"type": "text", "text": "3"}]}
    assert told(USER, assistant, result).messages[1:] == (
        Message(Role.ASSISTANT, "Add.", channel=Channel.ANALYSIS),
        Message(Role.ASSISTANT, "I add.", channel=Channel.COMMENTARY),
        Message(Role.ASSISTANT, "[]", None, Channel.COMMENTARY, "functions.add", JSON),
        Message(Role.TOOL, "3", "functions.add", Channel.COMMENTARY),
    )


def test_several_calls_and_their_results_find_each_other() -> None:
    assistant = {"role": "assistant", "tool_calls": [call("1", "add"), call("2", "sub")]}
    results = [{"role": "tool", "tool_call_id": each, "content": each} for each in ("2", "1")]
    messages = told(USER, assistant, *results).messages
    assert [message.recipient for message in messages[1:3]] == ["functions.add", "functions.sub"]
    assert [(message.name, message.content) for message in messages[3:]] == [
        ("functions.sub", "2"),
        ("functions.add", "1"),
    ]


def test_a_result_is_for_the_last_call_of_its_id() -> None:
    result = {"role": "tool", "tool_call_id": "call_0", "content": "3"}
    turns = [[{"role": "assistant", "tool_calls": [call("call_0", name)]}, result] for name in ("add", "sub")]
    messages = told(USER, *turns[0], *turns[1]).messages
    assert [message.name for message in messages if message.role is Role.TOOL] == ["functions.add", "functions.sub"]


@pytest.mark.parametrize(
    "fields, text",
    [
        ({"content": None, "refusal": "No."}, "No."),
        ({"content": ""}, ""),
        ({"content": "Yes.", "refusal": "No."}, "Yes."),
    ],
)
def test_what_was_said_is_final(fields: dict[str, Any], text: str) -> None:
    (message,) = told(USER, {"role": "assistant", **fields}).messages[1:]
    assert message == Message(Role.ASSISTANT, text, channel=Channel.FINAL)


def test_reasoning_that_was_cut_off_has_no_answer() -> None:
    (message,) = told(USER, {"role": "assistant", "content": "", "reasoning": "Hm"}).messages[1:]
    assert message.channel is Channel.ANALYSIS


def test_tools_are_the_namespace_functions() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "number"}}}
    tools = [tool("add", description="Adds.", parameters=schema, strict=True), tool("now")]
    assert told(tools=tools).tools == (ToolNamespace("functions", (Tool("add", "Adds.", schema), Tool("now"))),)


def test_a_function_of_empty_parameters_has_none() -> None:
    assert told(tools=[tool("now", parameters={})]).tools[0].tools == (Tool("now"),)


@pytest.mark.parametrize(
    "form, lines",
    [
        (None, ""),
        ({"type": "text"}, ""),
        (
            {"type": "grammar", "grammar": {"syntax": "regex", "definition": "[a-z]+"}},
            "\nIt must fit this regular expression:\n[a-z]+",
        ),
        (
            {"type": "grammar", "grammar": {"syntax": "lark", "definition": 'start: "a"\n     | "b"'}},
            '\nIt must fit this Lark grammar:\nstart: "a"\n     | "b"',
        ),
    ],
)
def test_a_custom_tool_is_shown_as_a_function_of_a_string(form: Any, lines: str) -> None:
    custom = {"type": "custom", "custom": {"name": "sql", "description": "Ask.", "format": form}}
    described = f"Ask.\nThe input is plain text, not JSON.{lines}"
    assert told(tools=[custom]).tools[0].tools == (Tool("sql", described, {"type": "string"}),)


def test_a_custom_call_and_its_result() -> None:
    called = {"id": "a", "type": "custom", "custom": {"name": "sql", "input": "SELECT 1"}}
    result = {"role": "tool", "tool_call_id": "a", "content": "1"}
    messages = told(USER, {"role": "assistant", "tool_calls": [called]}, result).messages
    assert messages[1:] == (
        Message(
            Role.ASSISTANT,
            "SELECT 1",
            channel=Channel.COMMENTARY,
            recipient="functions.sql",
            content_type="code",
        ),
        Message(Role.TOOL, "1", name="functions.sql", channel=Channel.COMMENTARY),
    )


def test_the_older_form_of_a_call_and_its_result() -> None:
    called = {"role": "assistant", "function_call": {"name": "add", "arguments": "{}"}}
    messages = told(USER, called, {"role": "function", "name": "add", "content": None}).messages
    assert messages[1].recipient == "functions.add"
    assert messages[2] == Message(Role.TOOL, "", name="functions.add", channel=Channel.COMMENTARY)


@pytest.mark.parametrize(
    "form, expected",
    [
        (None, None),
        ({"type": "text"}, None),
        ({"type": "json_object"}, ResponseFormat("json_object", {"type": "object"})),
        (
            {"type": "json_schema", "json_schema": {"name": "sum", "schema": {"type": "integer"}}},
            ResponseFormat("sum", {"type": "integer"}),
        ),
        (
            {"type": "json_schema", "json_schema": {"name": "sum", "description": "A sum.", "schema": {"a": 1}}},
            ResponseFormat("sum", {"a": 1}, "A sum."),
        ),
    ],
)
def test_the_model_is_shown_the_format(form: Any, expected: ResponseFormat | None) -> None:
    assert told(response_format=form).response_format == expected


def test_no_tools_no_namespace() -> None:
    assert told(tools=[]).tools == ()
    assert told(tools=[tool("add")], tool_choice="none").tools == ()


def test_a_named_tool_is_the_only_one_shown_and_is_asked_for() -> None:
    choice = {"type": "function", "function": {"name": "sub"}}
    shown = told({"role": "system", "content": "Be kind."}, USER, tools=[tool("add"), tool("sub")], tool_choice=choice)
    assert [each.name for each in shown.tools[0].tools] == ["sub"]
    assert shown.instructions == "Be kind.\n\nBefore anything else, call the function `functions.sub`."


def test_a_required_call_is_asked_for() -> None:
    shown = told(tools=[tool("add")], tool_choice="required")
    assert shown.instructions == "Before anything else, call one of the functions in the namespace `functions`."


def test_effort_and_date_arrive() -> None:
    assert told(reasoning_effort="high").reasoning_effort is ReasoningEffort.HIGH
    assert told().current_date == TODAY
    assert conversation(request(), None).current_date is None


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_the_limit_has_two_names(name: str) -> None:
    assert sampling(request(**{name: 7}), INFO).max_tokens == 7


def test_without_a_limit_the_context_is_one() -> None:
    assert sampling(request(), INFO) == SamplingParams()


@pytest.mark.parametrize(
    "fields, expected",
    [({}, None), ({"logprobs": False}, None), ({"logprobs": True}, 0), ({"logprobs": True, "top_logprobs": 3}, 3)],
)
def test_logprobs(fields: dict[str, Any], expected: int | None) -> None:
    assert sampling(request(**fields), INFO).num_logprobs == expected


def test_prompt_logprobs() -> None:
    assert sampling(request(prompt_logprobs=0), INFO).num_prompt_logprobs == 0


def test_it_renders() -> None:
    """The conversation is one that harmony takes."""
    assistant = {"role": "assistant", "content": None, "reasoning": "Add.", "tool_calls": [call("1")]}
    result = {"role": "tool", "tool_call_id": "1", "content": "3"}
    rendered = load_encoding().decode(
        load_encoding().render(
            told({"role": "system", "content": "Be kind."}, USER, assistant, result, tools=[tool("add")])
        )
    )
    assert "# Instructions\n\nBe kind." in rendered
    assert "type add = () => any;" in rendered
    assert rendered.endswith(
        "<|start|>assistant<|channel|>analysis<|message|>Add.<|end|>"
        "<|start|>assistant to=functions.add<|channel|>commentary <|constrain|>json<|message|>{}<|call|>"
        "<|start|>functions.add to=assistant<|channel|>commentary<|message|>3<|end|><|start|>assistant"
    )
