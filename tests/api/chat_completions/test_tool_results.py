import json
from typing import Any

import pytest

from ossian.api.chat_completions.schema import ChatCompletionRequest
from ossian.api.validation import parse
from ossian.errors import InvalidRequestError

Body = dict[str, Any]

USER = {"role": "user", "content": "Hi"}
SAID = {"role": "assistant", "content": "Well"}
TOLD = {"role": "developer", "content": "Hurry"}


def called(*call_ids: str) -> Body:
    calls = [{"id": each, "type": "function", "function": {"name": "add", "arguments": "{}"}} for each in call_ids]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def custom(call_id: str) -> Body:
    call = {"id": call_id, "type": "custom", "custom": {"name": "sql", "input": "SELECT 1"}}
    return {"role": "assistant", "tool_calls": [call]}


def result(call_id: str) -> Body:
    return {"role": "tool", "tool_call_id": call_id, "content": "3"}


def legacy(name: str = "add") -> Body:
    return {"role": "assistant", "content": None, "function_call": {"name": name, "arguments": "{}"}}


def function_result(name: str = "add") -> Body:
    return {"role": "function", "name": name, "content": "3"}


def request(*messages: Body) -> ChatCompletionRequest:
    return parse(json.dumps({"model": "m", "messages": messages}).encode(), ChatCompletionRequest)


@pytest.mark.parametrize(
    "messages",
    [
        [USER, called("a"), result("a")],
        [USER, custom("a"), result("a")],
        [USER, called("a", "b"), result("b"), result("a")],
        [USER, called("a"), called("b"), result("a"), result("b")],
        [USER, called("a"), result("a"), called("b"), result("b"), SAID],
        [USER, called("a"), TOLD, result("a")],
        [USER, called("0"), result("0"), called("0"), result("0")],
        [USER, called("0"), result("0"), SAID, USER, called("0"), result("0")],
        [called("a"), result("a")],
        [USER, legacy(), function_result()],
        [USER, legacy(), USER],
        [USER, legacy(), function_result(), function_result()],
        [USER, called("a"), result("a"), function_result()],
    ],
    ids=lambda messages: " ".join(each["role"] for each in messages),
)
def test_calls_and_results_that_belong_together(messages: list[Body]) -> None:
    assert len(request(*messages).messages) == len(messages)


@pytest.mark.parametrize(
    "messages, param, reason",
    [
        ([USER, result("a")], "messages[1].tool_call_id", "no assistant message before it made a tool call"),
        ([USER, result("a"), called("a")], "messages[1].tool_call_id", "no assistant message before it"),
        ([USER, called("a"), result("b")], "messages[2].tool_call_id", "no assistant message before it"),
        ([USER, called("a"), result("a"), result("a")], "messages[3].tool_call_id", "messages[2] has the result"),
        ([USER, called("a"), result("a"), SAID, result("a")], "messages[4].tool_call_id", "messages[2] has the"),
        ([USER, called("a", "a")], "messages[1].tool_calls[1].id", "messages[1].tool_calls[0] has the same id 'a'"),
        ([USER, called("a"), called("a")], "messages[2].tool_calls[0].id", "messages[1].tool_calls[0] has the same"),
        ([USER, called("a")], "messages[1].tool_calls[0]", "its result is missing"),
        ([USER, custom("a")], "messages[1].tool_calls[0]", "tool_call_id 'a' has to follow"),
        ([USER, called("a", "b"), result("a")], "messages[1].tool_calls[1]", "tool_call_id 'b' has to follow"),
        ([USER, called("a"), USER], "messages[1].tool_calls[0]", "its result is missing"),
        ([USER, called("a"), USER, result("a")], "messages[1].tool_calls[0]", "its result is missing"),
        ([USER, called("a"), SAID, result("a")], "messages[1].tool_calls[0]", "its result is missing"),
        ([USER, called("a", "b"), result("a"), called("c")], "messages[1].tool_calls[1]", "its result is missing"),
        ([USER, function_result()], "messages[1].name", "no assistant message before it called 'add'"),
        ([USER, legacy(), function_result("sub")], "messages[2].name", "called 'sub'"),
    ],
)
def test_those_that_do_not(messages: list[Body], param: str, reason: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        request(*messages)
    assert caught.value.param == param
    assert caught.value.code == "invalid_value"
    assert reason in caught.value.message


def test_a_long_id_is_not_quoted_whole() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        request(USER, called("a" * 10_000))
    assert len(caught.value.message) < 300
