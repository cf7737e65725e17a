from itertools import count
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion

from ossian.api.chat_completions.answer import ChatAnswer, collect
from ossian.api.chat_completions.events import ChatChunks, ChatOptions
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


def token(text: str) -> TokenChoice:
    return TokenChoice(TokenText(1, text.encode(), -0.5))


def stream(turns: list[list[TurnEvent]], order: list[int], options: ChatOptions) -> list[dict[str, Any]]:
    """The chunks of turns whose events happen in the given order of turns."""
    numbers = count(1)
    chunks = ChatChunks(HEAD, len(turns), options, lambda: f"call_{next(numbers)}")
    made = [*chunks.open()]
    left = [iter(turn) for turn in turns]
    for index in order:
        made += chunks.push(index, next(left[index]))
    return [*made, *chunks.close()]


def whole(*turns: list[TurnEvent], **options: Any) -> dict[str, Any]:
    order = [index for index, turn in enumerate(turns) for _ in turn]
    body = collect(stream(list(turns), order, ChatOptions(**{"has_tools": True, **options})))
    assert faults(body, "CreateChatCompletionResponse") == []
    assert ChatCompletion.model_validate(body, strict=True).id == "chatcmpl-1"
    return body


def turn(*messages: tuple[Channel, str | None, str], reason: str = "stop") -> list[TurnEvent]:
    events: list[TurnEvent] = []
    for channel, recipient, text in messages:
        events += [MessageStart(channel, recipient), TextDelta(text, (token(text),)), MessageEnd()]
    return [*events, Finished(reason, None, Usage(9, 4, 5, 2))]


def test_an_answer() -> None:
    body = whole(turn((Channel.ANALYSIS, None, "Hm."), (Channel.FINAL, None, "Hi.")))
    assert body["object"] == "chat.completion"
    assert body["choices"] == [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "Hi.",
                "refusal": None,
                "annotations": [],
                "reasoning": "Hm.",
                "reasoning_content": "Hm.",
            },
            "logprobs": None,
            "finish_reason": "stop",
            "stop_reason": None,
        }
    ]
    assert body["usage"]["completion_tokens_details"]["reasoning_tokens"] == 2
    assert body["prompt_logprobs"] is None


def test_a_call_has_no_content() -> None:
    (choice,) = whole(turn((Channel.COMMENTARY, "functions.add", '{"a": 1}')))["choices"]
    assert choice["message"]["content"] is None
    assert choice["message"]["tool_calls"] == [
        {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
    ]
    assert choice["finish_reason"] == "tool_calls"


def test_a_call_with_a_preamble_has_content() -> None:
    body = whole(turn((Channel.COMMENTARY, None, "I add."), (Channel.COMMENTARY, "functions.add", "{}")))
    (choice,) = body["choices"]
    assert choice["message"]["content"] == "I add."


def test_reasoning_that_used_up_the_limit_leaves_empty_content() -> None:
    (choice,) = whole(turn((Channel.ANALYSIS, None, "Hm"), reason="length"))["choices"]
    assert (choice["message"]["content"], choice["message"]["reasoning"]) == ("", "Hm")
    assert choice["finish_reason"] == "length"


def test_no_reasoning_is_null() -> None:
    (choice,) = whole(turn((Channel.FINAL, None, "Hi.")))["choices"]
    assert choice["message"]["reasoning"] is None
    assert choice["message"]["reasoning_content"] is None


def test_logprobs_are_joined() -> None:
    answer = turn((Channel.FINAL, None, "a"), (Channel.FINAL, None, "b"))
    (choice,) = whole(answer, include_logprobs=True)["choices"]
    assert [each["token"] for each in choice["logprobs"]["content"]] == ["a", "b"]


def test_logprobs_of_an_answer_without_content_are_null() -> None:
    (choice,) = whole(turn((Channel.ANALYSIS, None, "a")), include_logprobs=True)["choices"]
    assert choice["logprobs"] is None


def test_prompt_logprobs_are_the_answers() -> None:
    finished = Finished("stop", None, Usage(), (None, token("a")))
    body = whole([MessageStart(Channel.FINAL), MessageEnd(), finished])
    assert body["prompt_logprobs"] == [None, {"1": {"logprob": -0.5, "rank": None, "decoded_token": "a"}}]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
CHANNELS = st.sampled_from(Channel)
RECIPIENTS = st.sampled_from([None, None, "functions.add", "sub", "assistant"])


@st.composite
def messages(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> list[TurnEvent]:
    deltas = [TextDelta(text, (token(text),)) for text in draw(st.lists(texts, max_size=4))]
    return [MessageStart(draw(CHANNELS), draw(RECIPIENTS)), *deltas, MessageEnd(draw(st.booleans()))]


@st.composite
def turns(draw: st.DrawFn, texts: st.SearchStrategy[str] = TEXT) -> list[TurnEvent]:
    events = [event for message in draw(st.lists(messages(texts), max_size=4)) for event in message]
    numbers = st.integers(0, 9)
    usage = Usage(draw(numbers) + 9, draw(numbers), draw(numbers) + 9, draw(numbers))
    return [*events, Finished(draw(st.sampled_from(["stop", "length"])), draw(st.none() | TEXT), usage)]


def accumulated(chunks: list[dict[str, Any]], index: int) -> dict[str, Any]:
    """What a client makes of the stream, the simplest way."""
    choices = [choice for chunk in chunks for choice in chunk["choices"] if choice["index"] == index]
    deltas = [choice["delta"] for choice in choices]
    calls: dict[int, dict[str, Any]] = {}
    for call in (call for delta in deltas for call in delta.get("tool_calls", ())):
        known = calls.setdefault(call["index"], {"arguments": ""})
        known |= {"id": call["id"], "name": call["function"]["name"]} if "id" in call else {}
        known["arguments"] += call["function"]["arguments"]
    return {
        "content": "".join(delta.get("content") or "" for delta in deltas),
        "reasoning": "".join(delta.get("reasoning") or "" for delta in deltas),
        "tokens": [each["token"] for choice in choices for each in (choice["logprobs"] or {}).get("content", ())],
        "calls": [calls[number] for number in sorted(calls)],
        "reasons": [choice["finish_reason"] for choice in choices if choice["finish_reason"]],
    }


def num_tokens(turn: list[TurnEvent]) -> int:
    return sum(event.usage.num_completion_tokens for event in turn if isinstance(event, Finished))


def said(choice: dict[str, Any]) -> dict[str, Any]:
    """The same of a full answer's choice."""
    message = choice["message"]
    return {
        "content": message["content"] or "",
        "reasoning": message["reasoning"] or "",
        "tokens": [each["token"] for each in (choice["logprobs"] or {}).get("content", ())],
        "calls": [{**call["function"], "id": call["id"]} for call in message.get("tool_calls", ())],
        "reasons": [choice["finish_reason"]],
    }


@given(st.lists(turns(), min_size=1, max_size=3), st.data(), st.booleans(), st.booleans())
def test_the_answer_is_what_a_client_makes_of_the_stream(
    events: list[list[TurnEvent]], data: st.DataObject, has_tools: bool, include_reasoning: bool
) -> None:
    order = data.draw(st.permutations([index for index, turn in enumerate(events) for _ in turn]))
    options = ChatOptions(has_tools=has_tools, include_reasoning=include_reasoning, include_logprobs=True)
    chunks = stream(events, order, options)
    answer = ChatAnswer()
    for chunk in chunks:
        assert faults(chunk, "CreateChatCompletionStreamResponse") == []
        answer.add(chunk)
    body = answer.body()
    assert faults(body, "CreateChatCompletionResponse") == []
    assert [said(choice) for choice in body["choices"]] == [accumulated(chunks, index) for index in range(len(events))]
    assert body["usage"] == chunks[-1]["usage"]
    assert body["usage"]["completion_tokens"] == sum(map(num_tokens, events))


@given(turns(st.text("abc€", max_size=4)), st.booleans())
def test_nothing_the_model_said_is_lost(events: list[TurnEvent], has_tools: bool) -> None:
    """Every text is in the answer, and nothing else but empty lines between messages and empty arguments."""
    (choice,) = collect(stream([events], [0] * len(events), ChatOptions(has_tools=has_tools)))["choices"]
    mine = said(choice)
    answered = mine["content"] + mine["reasoning"] + "".join(call["arguments"] for call in mine["calls"])
    told = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert sorted(answered.replace("\n\n", "").replace("{}", "")) == sorted(told)
