"""The checks themselves: what is wrong does not pass."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ossian.api.responses.dialects import DIALECTS, Dialect
from tests.api.responses.golden_streams import path_of
from tests.specs.schemas import MEMBERS_WE_ADD, document, validator
from tests.specs.trim import ROOTS, closure
from tests.specs.validators import check_event, check_item, check_response, check_stream, read_stream

Json = dict[str, Any]
Change = Callable[[list[Json]], Any]

ITEM = {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "n", "arguments": "{}", "status": "completed"}


def golden(name: str = "tool_calls_after_a_preamble", dialect: Dialect = "openai") -> list[Json]:
    return [json.loads(line) for line in path_of(name, dialect).read_text(encoding="utf-8").splitlines()]


def find(events: list[Json], kind: str, number: int = 0) -> Json:
    return [event for event in events if event["type"] == f"response.{kind}"][number]


def last(events: list[Json]) -> Json:
    response: Json = events[-1]["response"]
    return response


def renumber(events: list[Json], first: int = 0) -> None:
    events[:] = [{**event, "sequence_number": number} for number, event in enumerate(events, start=first)]


def without(kind: str, number: int = 0) -> Change:
    def change(events: list[Json]) -> None:
        events.remove(find(events, kind, number))
        renumber(events)

    return change


def item_with(end: str, **members: str) -> Change:
    return lambda events: find(events, f"output_item.{end}")["item"].update(members)


def insert(events: list[Json], event: Json) -> None:
    events.insert(5, event)
    renumber(events)


def swap(events: list[Json], one: str, other: str, number: int, other_number: int) -> None:
    first, second = events.index(find(events, one, number)), events.index(find(events, other, other_number))
    events[first], events[second] = events[second], events[first]
    renumber(events)


CHANGES: dict[str, Change] = {
    "a number is missing": lambda events: events.pop(3),
    "numbers do not begin at 0": lambda events: renumber(events, first=1),
    "no created": without("created"),
    "no in_progress": without("in_progress"),
    "no terminal event": lambda events: events.pop(),
    "two terminal events": lambda events: events.append({**events[-1], "sequence_number": len(events)}),
    "output before it begins": lambda events: events[1]["response"].update(output=[ITEM]),
    "a delta is missing": without("reasoning_text.delta"),
    "a delta is repeated": lambda events: insert(events, events[4]),
    "an empty delta": lambda events: insert(events, {**events[4], "delta": ""}),
    "a text does not end": without("reasoning_text.done"),
    "a part does not begin": without("content_part.added"),
    "a part does not end": without("content_part.done"),
    "an item does not begin": without("output_item.added"),
    "an item does not end": without("output_item.done", -1),
    "items overlap": lambda events: swap(events, "output_item.done", "output_item.added", 0, 1),
    "a wrong output_index": lambda events: find(events, "output_text.delta").update(output_index=0),
    "a wrong content_index": lambda events: find(events, "output_text.delta").update(content_index=1),
    "a wrong item_id": lambda events: find(events, "output_text.done").update(item_id="msg_0"),
    "an id changes": item_with("done", id="rs_0"),
    "a call_id changes": lambda events: find(events, "output_item.done", 2)["item"].update(call_id="call_0"),
    "a wrong text": lambda events: find(events, "output_text.done").update(text="I look"),
    "a wrong part": lambda events: find(events, "content_part.done")["part"].update(text="I look"),
    "wrong arguments": lambda events: find(events, "output_item.done", 2)["item"].update(arguments="{}"),
    "an item is still in progress": item_with("done", status="in_progress"),
    "an item begins completed": item_with("added", status="completed"),
    "an incomplete item in the midst": item_with("done", status="incomplete"),
    "the end has other items": lambda events: last(events)["output"].pop(),
    "the end has another id": lambda events: last(events).update(id="resp_0"),
    "the end says it is in progress": lambda events: last(events).update(status="in_progress"),
    "the end is failed without an error": lambda events: last(events).update(status="failed"),
    "the end has an error": lambda events: last(events).update(error={"code": "server_error", "message": "x"}),
    "the end has no time": lambda events: last(events).update(completed_at=None),
    "the end has no usage": lambda events: last(events).update(usage=None),
    "usage does not add up": lambda events: last(events)["usage"].update(total_tokens=1),
    "usage without its details": lambda events: last(events)["usage"].pop("input_tokens_details"),
    "a text in place of a number": lambda events: last(events).update(created_at="now"),
    "a member that nobody knows": lambda events: last(events).update(completed=True),
    "a member of an item that nobody knows": item_with("added", nam="x"),
    "a required member is missing": lambda events: last(events).pop("tool_choice"),
    "an event that nobody knows": lambda events: events[4].update(type="response.reasoning_tex.delta"),
    "a vendor's event": lambda events: events[4].update(type="ossian:reasoning_text.delta"),
    "an item that nobody knows": item_with("added", type="thought"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_stream_with_a_fault_does_not_pass(name: str) -> None:
    events = golden()
    check_stream(copy.deepcopy(events))
    CHANGES[name](events)
    with pytest.raises((AssertionError, KeyError)):
        check_stream(events)


FOREIGN = [(a, b) for a in DIALECTS for b in DIALECTS if a != b and (a, b) != ("summary", "openai")]  # which is both


@pytest.mark.parametrize("dialect, other", FOREIGN)
def test_a_stream_of_another_dialect_does_not_pass(dialect: Dialect, other: Dialect) -> None:
    with pytest.raises(AssertionError):
        check_stream(golden("custom_tool_call", dialect), other)


def test_a_custom_call_cannot_stand_in_open_responses_without_our_prefix() -> None:
    item = {"type": "custom_tool_call", "id": "c", "call_id": "c", "name": "n", "input": "", "status": "completed"}
    check_item(item)
    check_item(item | {"type": "ossian:custom_tool_call"}, "open-responses")
    for dialect, kind in (("open-responses", "custom_tool_call"), ("openai", "ossian:custom_tool_call")):
        with pytest.raises(AssertionError):
            check_item(item | {"type": kind}, dialect)  # type: ignore[arg-type]
    with pytest.raises(KeyError):
        check_item({"type": "ossian:custom_tool_call", "id": "c"}, "open-responses")


def test_every_member_of_open_responses_is_required() -> None:
    response = golden(dialect="open-responses")[-1]["response"]
    check_response(response, "open-responses")
    for name in document("open_responses")["ResponseResource"]["required"]:
        with pytest.raises((AssertionError, KeyError)):
            check_response({key: value for key, value in response.items() if key != name}, "open-responses")


LIST = {"object": "list", "data": [ITEM], "has_more": False, "first_id": "fc_1", "last_id": "fc_1"}


@pytest.mark.parametrize(
    "body",
    [
        LIST,
        LIST | {"data": [], "first_id": None, "last_id": None},
        {"object": "response.input_tokens", "input_tokens": 3},
        {"object": "conversation", "id": "conv_1", "created_at": 5, "metadata": {}},
        {"object": "conversation.deleted", "id": "conv_1", "deleted": True},
    ],
    ids=lambda body: body["object"],
)
def test_other_objects(body: Json) -> None:
    for dialect in DIALECTS:
        check_response(body, dialect)
        for name in body.keys() - {"object"}:
            with pytest.raises((AssertionError, KeyError)):
                check_response({key: value for key, value in body.items() if key != name}, dialect)
    with pytest.raises(AssertionError):
        check_response(body | {"extra": 1})


def sse(*events: Json) -> str:
    return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)


def test_a_stream_is_read_with_its_framing() -> None:
    events = golden()
    assert read_stream(": keep-alive\n\n" + sse(*events) + "data: [DONE]\n\n") == events


@pytest.mark.parametrize(
    "text",
    [
        sse({"type": "a"}),
        "data: [DONE]\n\n" + sse({"type": "a"}),
        'data: {"type": "a"}\n\ndata: [DONE]\n\n',
        'id: 1\nevent: a\ndata: {"type": "a"}\n\ndata: [DONE]\n\n',
        'event: b\ndata: {"type": "a"}\n\ndata: [DONE]\n\n',
        'event: a\ndata: {"type": "a"\n\ndata: [DONE]\n\n',
        "",
    ],
)
def test_wrong_framing_does_not_pass(text: str) -> None:
    with pytest.raises((AssertionError, ValueError, IndexError)):
        read_stream(text)


@pytest.mark.parametrize("spec", ROOTS)
def test_the_trimmed_specifications_are_closed(spec: str) -> None:
    schemas = document(spec)
    roots = [*ROOTS[spec], *(name for name in schemas if name.endswith("StreamingEvent") and spec == "open_responses")]
    assert set(closure(schemas, roots)) == schemas.keys()


@pytest.mark.parametrize("spec", ROOTS)
def test_every_schema_can_be_used(spec: str) -> None:
    for name in document(spec):
        list(validator(spec, name).iter_errors({"type": "message", "object": "response"}))


@pytest.mark.parametrize("spec", ROOTS)
def test_every_member_we_add_is_one_that_its_schema_does_not_have(spec: str) -> None:
    for place in MEMBERS_WE_ADD[spec]:
        owner, name = place.split(".")
        assert name not in document(spec)[owner].get("properties", {})


def test_the_licences_are_there() -> None:
    names = {path.name for path in Path(__file__).parent.iterdir()}
    assert {"LICENSE.openai-openapi", "LICENSE.openresponses"} <= names


def test_an_event_has_a_number() -> None:
    event = golden()[4]
    check_event(event)
    with pytest.raises(KeyError):
        check_event({name: value for name, value in event.items() if name != "sequence_number"})
