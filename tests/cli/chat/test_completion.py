from typing import Any

import pytest

from ossian.api.chat_completions.schema import ChatCompletionRequest
from ossian.cli.chat.completion import DeltaReader, request_body
from ossian.cli.chat.partner import ChatOptions, CutOff, Exchange, Piece, Round, ToolCall
from ossian.harmony.messages import ReasoningEffort, Tool

CALL = ToolCall("call_1", "get_time", '{"city": "Rome"}')
ROUND = Round("They ask for the time.", "A moment.", (CALL,), ('{"time": "12:00"}',))
CALL_MESSAGE = {
    "role": "assistant",
    "content": "A moment.",
    "tool_calls": [
        {"id": "call_1", "type": "function", "function": {"name": "get_time", "arguments": '{"city": "Rome"}'}}
    ],
}
RESULT_MESSAGE = {"role": "tool", "tool_call_id": "call_1", "content": '{"time": "12:00"}'}


def test_the_request_is_a_chat_completion() -> None:
    options = ChatOptions("Be brief.", ReasoningEffort.LOW, temperature=0.0, max_tokens=5)
    body = request_body("m", options, [Exchange("a", "b")], "c")
    assert body == {
        "model": "m",
        "stream": True,
        "temperature": 0.0,
        "reasoning_effort": "low",
        "max_completion_tokens": 5,
        "messages": [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "b"},
            {"role": "user", "content": "c"},
        ],
    }


def test_what_was_not_asked_for_is_not_sent() -> None:
    body = request_body("m", ChatOptions(), [], "c")
    assert set(body) == {"model", "stream", "reasoning_effort", "messages"}


def test_tools_are_offered() -> None:
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}}
    body = request_body("m", ChatOptions(tools=(Tool("get_time", "The time", parameters),)), [], "c")
    function = {"name": "get_time", "description": "The time", "parameters": parameters}
    assert body["tools"] == [{"type": "function", "function": function}]


def test_inside_a_turn_the_reasoning_goes_back_with_the_call() -> None:
    messages = request_body("m", ChatOptions(), [], "c", [ROUND])["messages"]
    reasoned = CALL_MESSAGE | {"reasoning": "They ask for the time."}
    assert messages == [{"role": "user", "content": "c"}, reasoned, RESULT_MESSAGE]


def test_of_earlier_turns_calls_and_results_are_told_again_but_no_reasoning() -> None:
    messages = request_body("m", ChatOptions(), [Exchange("a", "b", (ROUND,))], "c")["messages"]
    assert messages[1:4] == [CALL_MESSAGE, RESULT_MESSAGE, {"role": "assistant", "content": "b"}]


def test_a_turn_without_an_answer_has_no_empty_message() -> None:
    messages = request_body("m", ChatOptions(), [Exchange("a", "", (ROUND,))], "c")["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "user"]


@pytest.mark.parametrize("each", [ROUND, Round("", "", (CALL, ToolCall("call_2", "x", "{")), ("1", "2"))])
def test_our_own_server_takes_all_of_it(each: Round) -> None:
    options = ChatOptions(tools=(Tool("get_time", "", {"type": "object", "properties": {}}),))
    ChatCompletionRequest.model_validate(request_body("m", options, [Exchange("a", "b", (each,))], "c", [each]))


def chunk(**delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta}]}


@pytest.mark.parametrize(
    "given, expected",
    [
        ({}, []),
        ({"choices": []}, []),
        (chunk(content="x"), [Piece("x", False)]),
        (chunk(content=None, tool_calls=None), []),
        (chunk(reasoning_content="r"), [Piece("r", True)]),
        (chunk(reasoning="r", reasoning_content="r"), [Piece("r", True)]),
    ],
)
def test_text_is_read_as_it_comes(given: dict[str, Any], expected: list[Piece]) -> None:
    reader = DeltaReader()
    assert list(reader.read(given)) == expected
    assert list(reader.end()) == []


def test_an_answer_that_is_cut_off_has_no_calls() -> None:
    reader = DeltaReader()
    part = {"index": 0, "id": "a", "function": {"name": "one", "arguments": '{"x'}}
    last = {"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]}
    assert [list(reader.read(each)) for each in (chunk(tool_calls=[part]), last)] == [[], []]
    assert list(reader.end()) == [CutOff()]


def test_calls_are_put_together_from_their_parts() -> None:
    reader = DeltaReader()
    parts = [
        {"index": 0, "id": "a", "function": {"name": "one", "arguments": ""}},
        {"index": 0, "function": {"arguments": '{"x"'}},
        {"index": 1, "function": {"name": "two"}},
        {"index": 0, "function": {"arguments": ": 1}"}},
    ]
    assert [list(reader.read(chunk(tool_calls=[part]))) for part in parts] == [[], [], [], []]
    assert list(reader.end()) == [ToolCall("a", "one", '{"x": 1}'), ToolCall("call_1", "two", "")]
