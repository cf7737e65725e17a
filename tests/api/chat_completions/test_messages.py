import json
from typing import Any

import pytest

from ossian.api.chat_completions.messages import AssistantMessage, RefusalPart, TextPart, calls_of, text_of
from ossian.api.chat_completions.schema import ChatCompletionRequest
from ossian.api.validation import parse
from ossian.errors import InvalidRequestError

USER = {"role": "user", "content": "Hi"}
CALLS: list[dict[str, Any]] = [{"id": "call_1", "type": "function", "function": {"name": "add", "arguments": "{}"}}]


def request(*messages: Any) -> ChatCompletionRequest:
    return parse(json.dumps({"model": "m", "messages": messages}).encode(), ChatCompletionRequest)


def refusal(*messages: Any) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        request(*messages)
    return caught.value


def assistant(**fields: Any) -> dict[str, Any]:
    return {"role": "assistant", **fields}


@pytest.mark.parametrize("role", ["system", "developer", "user"])
def test_text_may_be_a_string_or_parts(role: str) -> None:
    parts = [{"type": "text", "text": "Hello, "}, {"type": "text", "text": "you"}]
    for content in ("Hello, you", parts):
        (message,) = request({"role": role, "content": content}).messages
        assert text_of(message.content) == "Hello, you"


def test_an_empty_text_is_a_text() -> None:
    assert request({"role": "user", "content": ""}).messages[0].content == ""


def test_the_text_of_nothing_is_empty() -> None:
    assert text_of(None) == ""


def test_a_refusal_is_text_as_well() -> None:
    parts: list[TextPart | RefusalPart] = [
        TextPart(type="text", text="No: "),
        RefusalPart(type="refusal", refusal="never"),
    ]
    assert text_of(parts) == "No: never"


@pytest.mark.parametrize(
    "fields",
    [
        {"content": "Hi"},
        {"content": ""},
        {"content": None, "tool_calls": CALLS},
        {"tool_calls": CALLS},
        {"content": None, "refusal": "No."},
        {"content": None, "reasoning": "Hm."},
        {"content": None, "reasoning_content": "Hm."},
        {"content": [{"type": "refusal", "refusal": "No."}]},
        {"content": "Hi", "refusal": None, "annotations": [], "audio": None, "function_call": None, "tool_calls": None},
        {"content": "Hi", "reasoning": "Hm.", "reasoning_content": "Hm.", "tool_calls": [], "name": "me"},
        {"tool_calls": [{**CALLS[0], "index": 0}]},
        {"tool_calls": [{"id": "call_1", "function": CALLS[0]["function"]}]},
        {"tool_calls": [{"id": "call_1", "type": "custom", "custom": {"name": "sql", "input": "SELECT 1"}}]},
        {"content": None, "function_call": {"name": "add", "arguments": "{}"}},
        {"content": "{}", "parsed": {"a": 1}},
        {"tool_calls": [{**CALLS[0], "function": {**CALLS[0]["function"], "parsed_arguments": {"a": 1}}}]},
    ],
    ids=str,
)
def test_an_assistant_may_have_said(fields: dict[str, Any]) -> None:
    results = [{"role": "tool", "tool_call_id": call["id"], "content": ""} for call in fields.get("tool_calls") or ()]
    assert request(USER, assistant(**fields), *results).messages[1].role == "assistant"


@pytest.mark.parametrize(
    "fields, param",
    [
        ({}, "messages[1]"),
        ({"content": None}, "messages[1]"),
        ({"content": None, "tool_calls": []}, "messages[1]"),
        ({"content": "Hi", "function_call": {"name": "a"}}, "messages[1].function_call.arguments"),
        ({"content": "Hi", "audio": {"id": "a"}}, "messages[1].audio"),
        ({"content": [{"type": "image_url", "image_url": {}}]}, "messages[1].content[0].type"),
        ({"content": [{"type": "sound"}]}, "messages[1].content[0].type"),
        ({"content": [{"type": "text", "text": 5}]}, "messages[1].content[0].text"),
        ({"content": [{"type": "text", "text": "Hi", "cache_control": {}}]}, "messages[1].content[0].cache_control"),
        ({"tool_calls": [{"id": "x", "type": "custom", "custom": {}}]}, "messages[1].tool_calls[0].custom.name"),
        ({"tool_calls": [{"id": "x", "type": "other", "function": {}}]}, "messages[1].tool_calls[0].type"),
        ({"tool_calls": [{"id": "x", "function": {"name": "a b", "arguments": ""}}]}, ".tool_calls[0].function.name"),
        (
            {"tool_calls": [{"id": "x", "function": {"name": "a", "arguments": {}}}]},
            ".tool_calls[0].function.arguments",
        ),
        ({"tool_calls": [{"function": {"name": "a", "arguments": ""}}]}, "messages[1].tool_calls[0].id"),
    ],
    ids=str,
)
def test_an_assistant_cannot_have_said(fields: dict[str, Any], param: str) -> None:
    said = refusal(USER, assistant(**fields)).param
    assert said is not None
    assert said.endswith(param)


def test_a_tool_message_needs_an_id_and_content() -> None:
    assert refusal({"role": "tool", "content": "3"}).param == "messages[0].tool_call_id"
    assert refusal({"role": "tool", "tool_call_id": "a"}).param == "messages[0].content"


def test_the_names_of_calls_are_found_by_their_ids() -> None:
    other = {"id": "call_2", "function": {"name": "sub", "arguments": "{}"}}
    results = [{"role": "tool", "tool_call_id": call_id, "content": "3"} for call_id in ("call_1", "call_2")]
    said = request(USER, assistant(tool_calls=[*CALLS, other]), *results, assistant(content="Hi")).messages
    calling, quiet = said[1], said[-1]
    assert isinstance(calling, AssistantMessage)
    assert isinstance(quiet, AssistantMessage)
    assert [(call.id, call.name) for call in calls_of(calling)] == [("call_1", "add"), ("call_2", "sub")]
    assert calls_of(quiet) == []
