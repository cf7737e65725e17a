from collections.abc import Iterable
from itertools import count
from typing import Any

import pytest

from ossian.api.chat_completions.events import ChatChunks, ChatOptions
from ossian.api.chat_completions.schema import ChatCompletionRequest
from ossian.api.head import Head
from ossian.harmony.events import (
    Finished,
    MessageEnd,
    MessageStart,
    TextDelta,
    TokenChoice,
    TokenText,
    TurnEvent,
    Usage,
)
from ossian.harmony.messages import Channel
from tests.api.shapes import faults

HEAD = Head("chatcmpl-1", 1_763_680_000, "ossian-nano", "fp_1")
USAGE = Usage(num_prompt_tokens=9, num_cached_tokens=4, num_completion_tokens=5, num_reasoning_tokens=2)
STOP = Finished("stop", None, USAGE)
THOUGHT: list[TurnEvent] = [MessageStart(Channel.ANALYSIS), TextDelta("Hm"), TextDelta("."), MessageEnd()]
ANSWER: list[TurnEvent] = [MessageStart(Channel.FINAL), TextDelta("It is"), TextDelta(" 4."), MessageEnd()]
PREAMBLE: list[TurnEvent] = [MessageStart(Channel.COMMENTARY), TextDelta("I look."), MessageEnd()]
UNSPECIFIED = "'custom' is not one of ['function']"  # OpenAI streams custom calls, its specification forgot them
TOKEN = TokenChoice(TokenText(1, b"a", -0.5), (TokenText(1, b"a", -0.5), TokenText(2, b"b", -1.0)))


def call(*arguments: str, recipient: str = "functions.add", channel: Channel = Channel.COMMENTARY) -> list[TurnEvent]:
    return [MessageStart(channel, recipient, "<|constrain|>json"), *map(TextDelta, arguments), MessageEnd()]


def chunks_of(*turns: Iterable[TurnEvent], **options: Any) -> list[dict[str, Any]]:
    numbers = count(1)
    chosen = ChatOptions(**{"has_tools": True, **options})
    chunks = ChatChunks(HEAD, len(turns), chosen, lambda: f"call_{next(numbers)}")
    pushed = [chunk for index, turn in enumerate(turns) for event in turn for chunk in chunks.push(index, event)]
    made = [*chunks.open(), *pushed, *chunks.close()]
    found = [fault for chunk in made for fault in faults(chunk, "CreateChatCompletionStreamResponse")]
    assert [fault for fault in found if not fault.endswith(UNSPECIFIED)] == []
    assert chosen.custom_tools or not found
    return made


def deltas(*events: TurnEvent, **options: Any) -> list[dict[str, Any]]:
    """The deltas of one turn, without the first, which says the role, and the last, which says the reason."""
    chunks = chunks_of([*events, STOP], include_usage=False, **options)
    return [chunk["choices"][0]["delta"] for chunk in chunks[1:-1]]


def last(*events: TurnEvent, **options: Any) -> dict[str, Any]:
    chunk: dict[str, Any] = chunks_of(events, include_usage=False, **options)[-1]
    return chunk


def test_every_chunk_has_the_same_head() -> None:
    for chunk in chunks_of([*THOUGHT, *ANSWER, STOP]):
        assert {name: value for name, value in chunk.items() if name not in ("choices", "usage")} == {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1_763_680_000,
            "model": "ossian-nano",
            "system_fingerprint": "fp_1",
            "service_tier": "default",
        }


def test_the_first_delta_says_the_role() -> None:
    first = chunks_of([*ANSWER, STOP])[0]
    assert first["choices"] == [
        {
            "index": 0,
            "delta": {"role": "assistant", "content": "", "refusal": None},
            "logprobs": None,
            "finish_reason": None,
        }
    ]


def test_analysis_is_reasoning_under_both_names_and_final_is_content() -> None:
    assert deltas(*THOUGHT, *ANSWER) == [
        {"reasoning": "Hm", "reasoning_content": "Hm"},
        {"reasoning": ".", "reasoning_content": "."},
        {"content": "It is"},
        {"content": " 4."},
    ]


def test_a_preamble_is_content() -> None:
    assert deltas(*PREAMBLE, *call("{}"))[0] == {"content": "I look."}


def test_two_messages_of_one_field_are_kept_apart() -> None:
    assert [delta["content"] for delta in deltas(*PREAMBLE, *ANSWER)] == ["I look.", "\n\nIt is", " 4."]
    twice = deltas(*THOUGHT, *PREAMBLE, *THOUGHT)
    assert "".join(delta.get("reasoning", "") for delta in twice) == "Hm.\n\nHm."


def test_an_empty_message_keeps_nothing_apart() -> None:
    assert deltas(MessageStart(Channel.COMMENTARY), MessageEnd(), *ANSWER)[0] == {"content": "It is"}
    both = deltas(*ANSWER, MessageStart(Channel.FINAL), MessageEnd(), *ANSWER)
    assert "".join(delta["content"] for delta in both) == "It is 4.\n\nIt is 4."


def test_excluded_reasoning_leaves_no_trace() -> None:
    assert deltas(*THOUGHT, *ANSWER, include_reasoning=False) == [{"content": "It is"}, {"content": " 4."}]


def test_a_call_says_its_name_once_and_then_its_arguments() -> None:
    assert deltas(*call('{"a":', " 1}")) == [
        {
            "tool_calls": [
                {"index": 0, "id": "call_1", "type": "function", "function": {"name": "add", "arguments": ""}}
            ]
        },
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"a":'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": " 1}"}}]},
    ]


def test_several_calls_are_numbered() -> None:
    calls = [delta["tool_calls"][0] for delta in deltas(*call("1"), *call("2", recipient="functions.sub"))]
    assert [(each["index"], each.get("id")) for each in calls] == [(0, "call_1"), (0, None), (1, "call_2"), (1, None)]


@pytest.mark.parametrize("arguments", [(), ("",)])
def test_no_arguments_are_an_empty_object(arguments: tuple[str, ...]) -> None:
    assert deltas(*call(*arguments))[-1] == {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}


def test_arguments_that_are_blank_are_an_empty_object_too() -> None:
    assert deltas(*call(" ", "\n"))[-1] == {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}


def test_arguments_that_were_cut_off_are_not_made_up() -> None:
    cut = [*call()[:-1], MessageEnd(is_complete=False)]
    assert len(deltas(*cut)) == 1


def written(*events: TurnEvent, **options: Any) -> list[str]:
    """What each delta of a call after its first adds."""
    calls = [delta["tool_calls"][0] for delta in deltas(*events, **options)]
    return [piece for each in calls if "id" not in each for piece in each[each.get("type", "function")].values()]


def test_arguments_are_not_split_within_an_escape_or_a_surrogate_pair() -> None:
    pieces = ['{"a": "x\\', "n\\u", "00e9 \\ud83d", "\\ude00", '"}']
    assert written(*call(*pieces)) == ['{"a": "x', "\\n", "\\u00e9 ", "\\ud83d\\ude00", '"}']


def test_what_was_held_back_comes_when_a_call_is_cut_off() -> None:
    cut = [*call('{"a": "x\\u0')[:-1], MessageEnd(is_complete=False)]
    assert written(*cut) == ['{"a": "x', "\\u0"]


def test_each_call_begins_anew() -> None:
    assert written(*call('"\\'), *call("n")) == ['"', "\\", "n"]


def test_a_custom_call_has_an_input_of_any_text() -> None:
    called = call(" SELECT \\", "n", recipient="functions.sql")
    assert [delta["tool_calls"][0] for delta in deltas(*called, custom_tools=frozenset({"sql"}))] == [
        {"index": 0, "id": "call_1", "type": "custom", "custom": {"name": "sql", "input": ""}},
        {"index": 0, "custom": {"input": " SELECT \\"}},
        {"index": 0, "custom": {"input": "n"}},
    ]


def test_a_custom_call_without_input_stays_empty() -> None:
    assert len(deltas(*call(recipient="functions.sql"), custom_tools=frozenset({"sql"}))) == 1


def test_functions_are_answered_in_the_older_form() -> None:
    assert deltas(*call('{"a":', " 1}"), is_legacy=True) == [
        {"function_call": {"name": "add", "arguments": ""}},
        {"function_call": {"arguments": '{"a":'}},
        {"function_call": {"arguments": " 1}"}},
    ]
    assert last(*call("{}"), STOP, is_legacy=True)["choices"][0]["finish_reason"] == "function_call"


def test_the_older_form_has_room_for_one_call() -> None:
    first = deltas(*call("{}"), is_legacy=True)
    assert deltas(*call("{}"), *call("{}", recipient="functions.sub"), is_legacy=True) == first


def test_only_calls_that_can_be_sent_back_are_remembered() -> None:
    told: list[tuple[str, str]] = []
    for is_legacy, end in ((False, True), (False, False), (True, True)):
        chunks = ChatChunks(
            HEAD, 1, ChatOptions(has_tools=True, is_legacy=is_legacy), lambda: "c", lambda *pair: told.append(pair)
        )
        for event in [*THOUGHT, *call("{}")[:-1], MessageEnd(is_complete=end)]:
            assert list(chunks.push(0, event)) is not None
    assert told == [("c", "Hm.")]


def test_a_call_on_the_analysis_channel_is_a_call() -> None:
    assert "tool_calls" in deltas(*call("{}", channel=Channel.ANALYSIS))[0]


@pytest.mark.parametrize("recipient", ["assistant", "user", "all"])
def test_a_message_to_nobodys_function_is_text(recipient: str) -> None:
    assert deltas(*call("Hi", recipient=recipient)) == [{"content": "Hi"}]


def test_without_tools_a_call_is_text_lest_anything_be_lost() -> None:
    assert deltas(*call('{"a": 1}'), has_tools=False) == [{"content": '{"a": 1}'}]
    assert last(*call("{}"), STOP, has_tools=False)["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize(
    "events, finish_reason, stop_reason",
    [
        ([*ANSWER, STOP], "stop", None),
        ([*ANSWER, Finished("stop", "END", USAGE)], "stop", "END"),
        ([*ANSWER, Finished("stop", 7, USAGE)], "stop", 7),
        ([*THOUGHT, Finished("length", None, USAGE)], "length", None),
        ([*call("{}"), STOP], "tool_calls", None),
        ([*call("{}"), Finished("length", None, USAGE)], "length", None),
        ([*call("{}"), *ANSWER, Finished("stop", "END", USAGE)], "stop", "END"),
    ],
)
def test_how_it_ended(events: list[TurnEvent], finish_reason: str, stop_reason: str | int | None) -> None:
    (choice,) = last(*events)["choices"]
    assert choice["delta"] == {}
    assert (choice["finish_reason"], choice["stop_reason"]) == (finish_reason, stop_reason)


def test_usage_comes_last_and_is_null_before() -> None:
    *before, usage = chunks_of([*ANSWER, STOP])
    assert [chunk["usage"] for chunk in before] == [None] * len(before)
    assert usage["choices"] == []
    assert usage["usage"]["total_tokens"] == 14


def test_usage_that_nobody_asked_for_is_not_there() -> None:
    assert not any("usage" in chunk for chunk in chunks_of([*ANSWER, STOP], include_usage=False))


def test_choices_are_told_apart_by_their_index() -> None:
    chunks = chunks_of([*ANSWER, STOP], [*THOUGHT, STOP])
    assert [choice["index"] for chunk in chunks for choice in chunk["choices"]] == [0, 1, 0, 0, 0, 1, 1, 1]
    assert chunks[-1]["usage"]["prompt_tokens"] == 9
    assert chunks[-1]["usage"]["completion_tokens"] == 10


def test_the_calls_of_all_choices_have_ids_of_their_own() -> None:
    chunks = chunks_of([*call("1"), STOP], [*call("2"), STOP])
    calls = [call for chunk in chunks for choice in chunk["choices"] for call in choice["delta"].get("tool_calls", ())]
    assert [each["id"] for each in calls if "id" in each] == ["call_1", "call_2"]
    assert {each["index"] for each in calls} == {0}


def test_logprobs_come_with_the_content_they_are_of() -> None:
    turn: list[TurnEvent] = [
        MessageStart(Channel.FINAL),
        TextDelta("a", (TOKEN,)),
        TextDelta("", (TOKEN,)),
        MessageEnd(),
        STOP,
    ]
    *_, first, second, finish = chunks_of(turn, include_logprobs=True, include_usage=False)
    assert first["choices"][0]["delta"] == {"content": "a"}
    assert first["choices"][0]["logprobs"]["content"][0]["top_logprobs"][1]["token"] == "b"
    assert first["choices"][0]["logprobs"]["refusal"] is None
    assert second["choices"][0]["delta"] == {"content": ""}
    assert second["choices"][0]["logprobs"]["content"][0]["logprob"] == -0.5
    assert finish["choices"][0]["logprobs"] is None


def test_reasoning_and_calls_have_no_logprobs() -> None:
    thought: list[TurnEvent] = [MessageStart(Channel.ANALYSIS), TextDelta("a", (TOKEN,)), MessageEnd()]
    called: list[TurnEvent] = [
        MessageStart(Channel.COMMENTARY, "functions.add"),
        TextDelta("{}", (TOKEN,)),
        MessageEnd(),
    ]
    chunks = chunks_of([*thought, *called, STOP], include_logprobs=True)
    assert [choice["logprobs"] for chunk in chunks for choice in chunk["choices"]] == [None] * 5


def test_prompt_logprobs_come_with_the_end_of_the_first_choice() -> None:
    finished = Finished("stop", None, USAGE, (None, TOKEN))
    chunks = chunks_of([*ANSWER, finished], [*ANSWER, finished])
    assert [chunk["prompt_logprobs"][0] for chunk in chunks if "prompt_logprobs" in chunk] == [None]


@pytest.mark.parametrize(
    "fields, expected",
    [
        ({}, ChatOptions()),
        ({"stream": True}, ChatOptions(include_usage=False)),
        ({"stream": True, "stream_options": {"include_usage": False}}, ChatOptions(include_usage=False)),
        ({"stream": True, "stream_options": {"include_usage": True}}, ChatOptions()),
        ({"logprobs": True}, ChatOptions(include_logprobs=True)),
        ({"reasoning": {"exclude": True}}, ChatOptions(include_reasoning=False)),
        ({"tools": [{"type": "function", "function": {"name": "a"}}]}, ChatOptions(has_tools=True)),
        ({"tools": [{"type": "function", "function": {"name": "a"}}], "tool_choice": "none"}, ChatOptions()),
        (
            {"tools": [{"type": "custom", "custom": {"name": "a"}}]},
            ChatOptions(has_tools=True, custom_tools=frozenset({"a"})),
        ),
        ({"functions": [{"name": "a"}]}, ChatOptions(has_tools=True, is_legacy=True)),
    ],
    ids=str,
)
def test_options_are_the_requests(fields: dict[str, Any], expected: ChatOptions) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], **fields}
    assert ChatOptions.of(ChatCompletionRequest.model_validate(body)) == expected
