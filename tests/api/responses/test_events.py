import json
from typing import Any

import pytest
from openai import omit
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import ResponseStreamEvent as SdkEvent
from pydantic import TypeAdapter

from ossian.api.fields import JsonObject
from ossian.api.responses.dialects import DIALECTS, Dialect
from ossian.api.responses.events import ResponseEvents, ResponseOptions
from ossian.api.responses.schema import ENCRYPTED_REASONING, LOGPROBS
from ossian.errors import ContextLengthError, EngineDeadError, EngineOverloadedError
from ossian.harmony.events import Finished, MessageEnd, MessageStart, TextDelta, TurnEvent
from ossian.harmony.messages import Channel
from tests.api.responses.made_streams import (
    ALL_OPTIONS,
    LENGTH,
    NOW,
    OPTIONS,
    STOP,
    TOKEN,
    TURNS,
    USAGE,
    answer,
    body,
    call,
    conceal,
    message,
    new_ids,
    preamble,
    response_events,
    shown,
    stream_of,
    thought,
    written,
)
from tests.specs.validators import check_stream


def finished(*events: TurnEvent, options: ResponseOptions = OPTIONS, **fields: Any) -> JsonObject:
    """The response that a turn ends with, whose stream is in order in every dialect."""
    events_made = stream_of(events, options, **fields)
    for dialect in DIALECTS:
        check_stream(written(events_made, dialect), dialect)
    response: JsonObject = events_made[-1]["response"]
    return response


def output(*events: TurnEvent, options: ResponseOptions = OPTIONS) -> list[JsonObject]:
    items: list[JsonObject] = finished(*events, options=options)["output"]
    return items


def deltas(*events: TurnEvent, options: ResponseOptions = OPTIONS) -> list[str]:
    return [event["delta"] for event in stream_of(events, options) if event["type"].endswith(".delta")]


def test_a_stream_from_its_first_event_to_its_last() -> None:
    assert list(shown(stream_of([*thought("Hm."), *answer("Hel", "lo"), STOP]))) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "reasoning_text.delta",
        "reasoning_text.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]


def test_reasoning_is_an_item_with_a_text_and_no_summary() -> None:
    assert output(*thought("H", "m."), STOP) == [
        {
            "type": "reasoning",
            "id": "rs_1",
            "status": "completed",
            "summary": [],
            "content": [{"type": "reasoning_text", "text": "Hm."}],
        }
    ]


@pytest.mark.parametrize(
    "said, phase",
    [(answer("Hi"), "final_answer"), (preamble("Hi"), "commentary")],
    ids=["answer", "preamble"],
)
def test_a_message_says_whether_it_is_the_answer(said: list[TurnEvent], phase: str) -> None:
    assert output(*said, STOP) == [
        {
            "type": "message",
            "id": "msg_1",
            "status": "completed",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "Hi", "annotations": [], "logprobs": []}],
            "phase": phase,
        }
    ]


def test_every_message_is_an_item_of_its_own() -> None:
    items = output(*thought("a"), *thought("b"), *preamble("c"), *answer("d"), STOP)
    assert [item["id"] for item in items] == ["rs_1", "rs_2", "msg_3", "msg_4"]


def test_a_call_has_an_id_to_answer_it_by() -> None:
    assert output(*call("add", '{"a":', " 1}"), STOP) == [
        {
            "type": "function_call",
            "id": "fc_1",
            "status": "completed",
            "call_id": "call_2",
            "name": "add",
            "arguments": '{"a": 1}',
        }
    ]


def test_a_call_of_a_tool_in_a_namespace_has_both_names_again() -> None:
    (function,) = output(*call("files__read", "{}"), STOP)
    (custom,) = output(*call("db__sql", "SELECT 1"), STOP)
    assert (function["type"], function["namespace"], function["name"]) == ("function_call", "files", "read")
    assert (custom["type"], custom["namespace"], custom["name"]) == ("custom_tool_call", "db", "sql")


def test_a_custom_call_has_a_text_as_it_was_written() -> None:
    events = [*call("sql", " SELECT \\", "n"), STOP]
    assert deltas(*events) == [" SELECT \\", "n"]
    assert output(*events)[0]["input"] == " SELECT \\n"


def test_a_custom_call_without_input_stays_empty() -> None:
    assert output(*call("sql"), STOP)[0]["input"] == ""


@pytest.mark.parametrize("texts", [[], [""], ["  ", "\n"]])
def test_a_call_without_arguments_has_an_empty_object(texts: list[str]) -> None:
    assert deltas(*call("add", *texts), STOP) == ["{}"]
    assert output(*call("add", *texts), STOP)[0]["arguments"] == "{}"


def test_arguments_are_not_split_within_an_escape_or_a_surrogate_pair() -> None:
    pieces = ['{"a": "x\\', "n\\u", "00e9 \\ud83d", "\\ude00", '"}']
    assert deltas(*call("add", *pieces), STOP) == ['{"a": "x', "\\n", "\\u00e9 ", "\\ud83d\\ude00", '"}']


def test_a_call_that_is_cut_off_keeps_what_there_is_and_nothing_is_made_up() -> None:
    (item,) = output(*call("add", '{"a": "\\u0', is_complete=False), LENGTH)
    assert (item["status"], item["arguments"]) == ("incomplete", '{"a": "\\u0')
    (item,) = output(*call("add", is_complete=False), LENGTH)
    assert item["arguments"] == ""


def test_a_call_of_a_tool_that_nobody_knows_is_a_function_call_that_can_be_sent_back() -> None:
    (item,) = output(*call("browser.search<|x|>", "{}"), STOP)
    assert (item["type"], item["name"]) == ("function_call", "browser_search__x__")


def test_a_call_on_the_analysis_channel_is_a_call() -> None:
    assert output(*message(Channel.ANALYSIS, "{}", to="functions.add"), STOP)[0]["type"] == "function_call"


@pytest.mark.parametrize("recipient", ["assistant", "user", "all"])
def test_a_message_to_nobodys_function_is_text(recipient: str) -> None:
    assert output(*message(Channel.COMMENTARY, "Hi", to=recipient), STOP)[0]["type"] == "message"


def test_without_tools_a_call_is_text_lest_anything_be_lost() -> None:
    (item,) = output(*call("add", '{"a": 1}'), STOP, options=ResponseOptions())
    assert item["content"][0]["text"] == '{"a": 1}'


def test_an_empty_delta_is_not_told() -> None:
    assert deltas(*thought("", "a", ""), *answer("", "b"), STOP) == ["a", "b"]


def test_an_empty_message_is_an_item_with_an_empty_text() -> None:
    assert output(*answer(), STOP)[0]["content"] == [
        {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    ]


LOGPROBS_TURN: list[TurnEvent] = [
    MessageStart(Channel.FINAL),
    TextDelta("a", (TOKEN,)),
    TextDelta("", (TOKEN,)),
    TextDelta("b", (TOKEN,)),
    MessageEnd(),
    STOP,
]


def test_logprobs_come_with_the_text_they_are_of_when_they_were_asked_for() -> None:
    (item,) = output(*LOGPROBS_TURN, options=ResponseOptions(include=frozenset({LOGPROBS})))
    logprobs = item["content"][0]["logprobs"]
    assert len(logprobs) == 3
    assert logprobs[0]["top_logprobs"][1] == {"token": "\\xe2", "logprob": -1.5, "bytes": [0xE2]}
    assert deltas(*LOGPROBS_TURN, options=ResponseOptions(include=frozenset({LOGPROBS}))) == ["a", "", "b"]


def test_logprobs_that_nobody_asked_for_are_not_there() -> None:
    assert deltas(*LOGPROBS_TURN) == ["a", "b"]
    assert output(*LOGPROBS_TURN)[0]["content"][0]["logprobs"] == []


def test_reasoning_is_encrypted_when_it_was_asked_for() -> None:
    events = stream_of([*thought("Hm."), STOP], ALL_OPTIONS)
    added, done = (event["item"] for event in events if "item" in event)
    assert "encrypted_content" not in added
    assert done["encrypted_content"] == "~.mH"
    assert done["content"][0]["text"] == "Hm."


@pytest.mark.parametrize(
    "options", [ResponseOptions(conceal=conceal), ResponseOptions(include=frozenset({ENCRYPTED_REASONING}))]
)
def test_reasoning_is_not_encrypted_otherwise(options: ResponseOptions) -> None:
    assert "encrypted_content" not in output(*thought("Hm."), STOP, options=options)[0]


def test_usage_is_that_of_the_turn() -> None:
    assert finished(*answer("Hi"), STOP)["usage"] == {
        "input_tokens": 9,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 5},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 1},
        "total_tokens": 14,
    }


def test_what_finished_by_itself_is_completed() -> None:
    response = finished(*answer("Hi"), STOP)
    assert (response["status"], response["completed_at"], response["incomplete_details"]) == ("completed", NOW, None)


@pytest.mark.parametrize(
    "turn, status",
    [
        ([*thought("Hm", is_complete=False), LENGTH], ["incomplete"]),
        ([*thought("Hm"), *answer("H", is_complete=False), LENGTH], ["completed", "incomplete"]),
        ([*thought("Hm"), *call("sql", "S", is_complete=False), LENGTH], ["completed", "incomplete"]),
        ([*thought("Hm"), LENGTH], ["completed"]),  # within a header, which said nothing
        ([LENGTH], []),
        ([*call("add", "{", is_complete=False), STOP], ["incomplete"]),  # by a stop token of the caller's
    ],
    ids=range(6),
)
def test_what_was_cut_off_is_incomplete_and_its_last_item_says_so(turn: list[TurnEvent], status: list[str]) -> None:
    response = finished(*turn)
    assert (response["status"], response["completed_at"]) == ("incomplete", None)
    assert response["incomplete_details"] == {"reason": "max_output_tokens"}
    assert [item["status"] for item in response["output"]] == status


def test_a_text_that_a_stop_string_ended_is_whole() -> None:
    response = finished(*thought("Hm"), *answer("H", is_complete=False), Finished("stop", "END", USAGE))
    assert (response["status"], response["incomplete_details"]) == ("completed", None)
    assert [item["status"] for item in response["output"]] == ["completed", "completed"]


def test_a_response_can_wait_in_a_queue() -> None:
    events = response_events(background=True)
    queued = [*events.queue()]
    assert events.response["status"] == "queued"
    stream = [*queued, *events.open(), *events.push(STOP), *events.close(NOW)]
    assert list(shown(stream)) == ["created", "queued", "in_progress", "completed"]
    assert [event["response"]["status"] for event in stream] == ["queued", "queued", "in_progress", "completed"]
    assert check_stream(written(stream, "openai"))["background"] is True


def half_written() -> tuple[ResponseEvents, list[JsonObject]]:
    """A response in the midst of a call, and what was told of it."""
    events = response_events()
    turn = [*thought("Hm."), *call("add", '{"a": ')[:-1]]
    return events, [*events.open(), *(made for event in turn for made in events.push(event))]


@pytest.mark.parametrize(
    "error, code, words",
    [
        (EngineDeadError("A step failed."), "server_error", "A step failed."),
        (EngineOverloadedError("The queue is full."), "rate_limit_exceeded", "The queue is full."),
        (ContextLengthError("Too long."), "invalid_prompt", "Too long."),
        (ValueError("secret"), "server_error", "The server had an error while processing your request."),
    ],
    ids=["engine", "overloaded", "request", "bug"],
)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_failure_ends_the_stream_and_says_why(error: Exception, code: str, words: str, dialect: Dialect) -> None:
    events, told = half_written()
    response = check_stream(written([*told, *events.fail(error)], dialect), dialect)
    assert (response["status"], response["error"]["code"]) == ("failed", code)
    assert response["error"]["message"].startswith(words)
    assert [item["status"] for item in response["output"]] == ["completed", "incomplete"]


def test_a_cancelled_response_keeps_what_was_written() -> None:
    events, told = half_written()
    response = check_stream(written([*told, *events.cancel()], "openai"))
    assert events.response == response
    assert (response["status"], response["error"], response["usage"]) == ("cancelled", None, None)
    assert response["output"][1]["arguments"] == '{"a": '


def test_what_is_cancelled_in_the_queue_never_began() -> None:
    events = response_events(background=True)
    stream = [*events.queue(), *events.cancel()]
    assert check_stream(written(stream, "openai"))["status"] == "cancelled"


def test_a_response_can_be_looked_at_while_it_is_made() -> None:
    events = response_events()
    assert events.response["output"] == []
    for event in [*thought("Hm."), *answer("Hel", "lo")[:-1]]:
        list(events.push(event))
    reasoning, said = events.response["output"]
    assert (reasoning["status"], said["status"]) == ("completed", "in_progress")
    assert said["content"][0]["text"] == "Hello"


def test_what_was_yielded_is_never_changed_afterwards() -> None:
    events = response_events(ALL_OPTIONS)
    kept = [(made, json.dumps(made)) for made in events.open()]
    for event in TURNS["answer_with_everything_included"][0]:
        kept += [(made, json.dumps(made)) for made in events.push(event)]
    list(events.close(NOW))
    assert all(json.dumps(made) == text for made, text in kept)


def test_complete_calls_are_remembered_with_the_reasoning_that_led_to_them() -> None:
    told: list[tuple[str, str]] = []
    events = ResponseEvents(body(), OPTIONS, new_ids(), lambda *pair: told.append(pair))
    for event in [*thought("a"), *thought(), *thought("b"), *call("add"), *call("sql", "S", is_complete=False)]:
        list(events.push(event))
    assert told == [("call_5", "a\n\nb")]


def test_text_outside_any_message_is_nobodys() -> None:
    assert list(response_events().push(TextDelta("x"))) == []


SDK_EVENT: TypeAdapter[Any] = TypeAdapter(SdkEvent)


@pytest.mark.parametrize("name", TURNS)
@pytest.mark.parametrize("dialect", ["openai", "summary"])
def test_openais_sdk_reads_the_stream_and_agrees(name: str, dialect: Dialect) -> None:
    turn, fields = TURNS[name]
    state: ResponseStreamState[Any] = ResponseStreamState(input_tools=omit, text_format=omit)
    stream = written(stream_of(turn, ALL_OPTIONS if "include" in fields else OPTIONS, **fields), dialect)
    read: list[Any] = [*(made for event in stream for made in state.handle_event(SDK_EVENT.validate_python(event)))]
    assert [event.type for event in read] == [event["type"] for event in stream]
    last, response = read[-1].response, stream[-1]["response"]
    assert [item.to_dict()["id"] for item in last.output] == [item["id"] for item in response["output"]]
    assert last.usage.to_dict() == response["usage"]
