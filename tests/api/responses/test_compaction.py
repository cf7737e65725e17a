from typing import Any

import pytest

from ossian.api.fields import JsonObject
from ossian.api.head import Head
from ossian.api.responses.compaction import (
    COMPACTION_SHAPE,
    NO_SUMMARY,
    SUMMARY_HEADING,
    SUMMARY_REQUEST,
    compacted,
    compaction_body,
    compaction_turn,
    restored,
    summary_of,
    without_open_calls,
)
from ossian.api.responses.dialects import DIALECTS, Dialect, translated
from ossian.api.responses.items import item_bodies, parse_items
from ossian.errors import InvalidRequestError
from ossian.harmony.messages import Conversation, Message, ReasoningEffort, Role
from tests.api.responses.made_streams import STOP, answer, conceal, new_ids, preamble, reveal, stream_of, thought
from tests.specs.validators import check_response

SPOKEN = ["system: Be kind.", "user: one", "assistant: 1", "user: two", "developer: Be brief.", "user: three"]


def history(*spoken: str | JsonObject) -> list[JsonObject]:
    """Items as they are stored; `role: text` is a message."""
    sent = [
        dict(zip(("role", "content"), each.split(": "), strict=True)) if isinstance(each, str) else each
        for each in spoken
    ]
    numbers = new_ids()
    return item_bodies(parse_items(sent), lambda prefix: numbers(f"{prefix}old_"))


def call(call_id: str) -> JsonObject:
    return {"type": "function_call", "call_id": call_id, "name": "add", "arguments": "{}"}


def result(call_id: str) -> JsonObject:
    return {"type": "function_call_output", "call_id": call_id, "output": "3"}


def made(items: list[JsonObject], summary: str = "S", **limits: Any) -> list[JsonObject]:
    return compacted(items, summary, conceal=conceal, new_id=new_ids(), num_tokens=len, **limits)


def told(items: list[JsonObject]) -> list[str]:
    """Messages as `role: text`, other items by their type."""
    return [
        f"{item['role']}: {item['content'][0]['text']}" if item["type"] == "message" else item["type"] for item in items
    ]


def test_users_and_instructions_are_kept_and_the_rest_is_the_compaction() -> None:
    reasoning = {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "Hm."}]}
    items = history(*SPOKEN, reasoning, call("a"), result("a"), "assistant: 3")
    kept = ["system: Be kind.", "user: one", "user: two", "developer: Be brief.", "user: three", "compaction"]
    assert told(made(items)) == kept


@pytest.mark.parametrize(
    "max_tokens, kept",
    [
        (11, ["user: one", "user: two", "user: three"]),
        (10, ["user: two", "user: three"]),
        (7, ["user: three"]),
        (4, []),
        (0, []),
    ],
)
def test_of_the_users_messages_the_newest_are_kept(max_tokens: int, kept: list[str]) -> None:
    compact = told(made(history(*SPOKEN), max_verbatim_tokens=max_tokens))
    assert [each for each in compact if each.startswith("user")] == kept
    assert [each for each in compact if not each.startswith("user")] == [
        "system: Be kind.",
        "developer: Be brief.",
        "compaction",
    ]


def test_calls_that_wait_for_their_results_stay_after_the_compaction() -> None:
    custom = {"type": "custom_tool_call", "call_id": "c", "name": "sql", "input": "S"}
    items = history("user: one", call("a"), result("a"), call("b"), custom)
    assert told(made(items)) == ["user: one", "compaction", "function_call", "custom_tool_call"]
    before, waiting = without_open_calls(items)
    assert told(before) == ["user: one", "function_call", "function_call_output"]
    assert [item["call_id"] for item in waiting] == ["b", "c"]


def test_an_id_that_is_used_again_waits_again() -> None:
    before, waiting = without_open_calls(history(call("0"), result("0"), "user: one", call("0")))
    assert told(before) == ["function_call", "function_call_output", "user: one"]
    assert [item["call_id"] for item in waiting] == ["0"]


def test_what_was_compacted_before_is_in_the_new_summary_and_goes() -> None:
    items = made(history("user: one", "assistant: 1"))
    assert told(made([*items, *history("user: two")])) == ["user: one", "user: two", "compaction"]


def test_a_compaction_comes_back_as_the_summary() -> None:
    (item,) = made([], summary="All is well.")
    assert restored(item["encrypted_content"], reveal) == f"{SUMMARY_HEADING}\n\nAll is well."
    assert "All is well." not in str(item)


def test_reasoning_is_no_compaction() -> None:
    with pytest.raises(InvalidRequestError, match="no compaction's encrypted content") as caught:
        restored(conceal("I thought."), reveal, "input[2]")
    assert (caught.value.param, caught.value.code) == ("input[2]", "invalid_encrypted_content")


def test_the_summary_is_asked_for_after_all_that_was_said() -> None:
    said = (Message(Role.USER, "one"), Message(Role.ASSISTANT, "1"))
    talk = Conversation(said, instructions="Be kind.", reasoning_effort=ReasoningEffort.HIGH)
    turn = compaction_turn(talk)
    assert turn.messages == (*said, Message(Role.USER, SUMMARY_REQUEST))
    assert (turn.instructions, turn.reasoning_effort) == ("Be kind.", ReasoningEffort.HIGH)
    assert COMPACTION_SHAPE.tools == ()


@pytest.mark.parametrize(
    "turn, summary",
    [
        ([*thought("Hm."), *answer("All is", " well.")], "All is well."),
        ([*preamble("a"), *answer("b")], "a\n\nb"),
        ([*thought("Hm.")], "Hm."),
        ([*thought("Hm."), *answer(" ")], "Hm."),
        ([], NO_SUMMARY),
    ],
    ids=["answer", "preamble", "cut off", "blank", "nothing"],
)
def test_the_summary_is_what_the_model_said_or_at_worst_thought(turn: Any, summary: str) -> None:
    assert summary_of(stream_of([*turn, STOP])[-1]["response"]) == summary


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_answer_is_what_both_specifications_say(dialect: Dialect) -> None:
    usage = stream_of([STOP])[-1]["response"]["usage"]
    output = made(history(*SPOKEN, call("a")))
    answered = translated(compaction_body(Head("resp_1", 5, "m", "fp"), output, usage), dialect)
    check_response(answered, dialect)
    assert (answered["object"], answered["created_at"]) == ("response.compaction", 5)


def test_the_answer_can_be_sent_as_the_next_input() -> None:
    output = made(history(*SPOKEN, call("a")))
    assert item_bodies(parse_items(output), lambda prefix: prefix) == output
