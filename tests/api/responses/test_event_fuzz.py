"""Random turns: whatever the model does, however it ends, its stream is in order and valid in every dialect."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ossian.api.fields import JsonObject
from ossian.api.responses.dialects import DIALECTS, Dialect, translated
from ossian.api.responses.events import ResponseEvents, ResponseOptions
from ossian.api.responses.items import item_bodies, parse_items
from ossian.api.responses.schema import ENCRYPTED_REASONING, LOGPROBS
from ossian.errors import EngineError, InvalidRequestError
from ossian.harmony.encoding import load_encoding
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
from ossian.harmony.vocabulary import CALL, CHANNEL, CONSTRAIN, END, MESSAGE, RETURN
from ossian.harmony.vocabulary import START as START_ID
from tests.api.responses.made_streams import NOW, TOOLS, conceal, response_events, written
from tests.specs.validators import check_stream

TEXT = st.text(max_size=6) | st.sampled_from(["", "\\", "\\u", "\\ud83d", "\\ude00", '"}', " ", "{}", "é", "😀"])
TOKEN = st.builds(TokenText, st.integers(0, 99), st.binary(min_size=1, max_size=3), st.floats(-9, 0))
CHOICE = st.builds(TokenChoice, TOKEN, st.lists(TOKEN, max_size=2).map(tuple))
DELTA = st.builds(TextDelta, TEXT, st.lists(CHOICE, max_size=2).map(tuple))
RECIPIENT = st.sampled_from([None, None, None, "assistant", "python", "functions.", *(f"functions.{n}" for n in TOOLS)])
START = st.builds(MessageStart, st.sampled_from(Channel), RECIPIENT)
SAID = st.tuples(START, st.lists(DELTA, max_size=4))
COUNT = st.integers(0, 99)
OPTIONS = st.builds(
    ResponseOptions,
    st.sampled_from([TOOLS, {}]),
    st.sets(st.sampled_from([LOGPROBS, ENCRYPTED_REASONING])).map(frozenset),
    st.sampled_from([None, conceal]),
)


@st.composite
def turns(draw: st.DrawFn) -> list[TurnEvent]:
    """What `TurnStream` may yield: whole messages, the last one perhaps cut off, then how it finished."""
    messages = draw(st.lists(SAID, max_size=5))
    reason = draw(st.sampled_from(["stop", "length"]))
    is_cut = draw(st.booleans())  # also by a stop string or token of the caller's
    events: list[TurnEvent] = []
    for index, (start, deltas) in enumerate(messages):
        events += [start, *deltas, MessageEnd(is_complete=not (is_cut and index == len(messages) - 1))]
    return [*events, Finished(reason, None, draw(st.builds(Usage, COUNT, COUNT, COUNT, COUNT)))]


def in_every_dialect(stream: list[JsonObject]) -> Iterator[tuple[Dialect, JsonObject]]:
    for dialect in DIALECTS:
        yield dialect, check_stream(written(stream, dialect), dialect)


def pushed(events: ResponseEvents, turn: list[TurnEvent]) -> list[JsonObject]:
    return [made for event in turn for made in events.push(event)]


FEW = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@FEW
@given(turns(), OPTIONS)
def test_turns_that_finish(turn: list[TurnEvent], options: ResponseOptions) -> None:
    events = response_events(options)
    stream = [*events.open(), *pushed(events, turn), *events.close(NOW)]
    for dialect, response in in_every_dialect(stream):
        assert response == translated(events.response, dialect)
        assert response["status"] in ("completed", "incomplete")


SPECIAL = [START_ID, CHANNEL, MESSAGE, CONSTRAIN, END, CALL, RETURN]
WORDS = [
    "analysis",
    "final",
    "commentary",
    " to=functions.sql",
    " to=functions.files__read",
    "assistant",
    "{}",
    "é",
    "😀",
]
ENCODING = load_encoding()
TOKENS = st.lists(
    st.sampled_from(SPECIAL)
    | st.sampled_from([token_id for word in WORDS for token_id in ENCODING.encode(word)])
    | st.integers(0, 200_000),
    max_size=40,
)


@FEW
@given(TOKENS, st.sampled_from(["stop", "length"]), OPTIONS)
def test_any_tokens_whatever(token_ids: list[int], reason: str, options: ResponseOptions) -> None:
    parser = ENCODING.parser()
    turn: list[TurnEvent] = [event for token_id in token_ids for event in parser.feed(token_id)]
    events = response_events(options)
    stream = [*events.open(), *pushed(events, [*turn, *parser.finish(), Finished(reason, None, Usage())])]
    for _ in in_every_dialect([*stream, *events.close(NOW)]):
        pass


@FEW
@given(turns(), OPTIONS, st.data())
def test_turns_that_end_anywhere(turn: list[TurnEvent], options: ResponseOptions, data: st.DataObject) -> None:
    events = response_events(options, background=True)
    first = [*events.queue()] if data.draw(st.booleans(), "queued") else []
    stream = [*first, *events.open(), *pushed(events, turn[: data.draw(st.integers(0, len(turn)), "cut")])]
    error = data.draw(st.sampled_from([None, EngineError("Gone."), InvalidRequestError("Bad."), KeyError("bug")]))
    stream += events.cancel() if error is None else events.fail(error)
    for _, response in in_every_dialect(stream):
        assert response["status"] == ("cancelled" if error is None else "failed")


@FEW
@given(turns(), OPTIONS)
def test_nothing_the_model_says_is_lost(turn: list[TurnEvent], options: ResponseOptions) -> None:
    events = response_events(options)
    stream = [*events.open(), *pushed(events, turn), *events.close(NOW)]
    said = "".join(event.text for event in turn if isinstance(event, TextDelta))
    told = "".join(event["delta"] for event in stream if event["type"].endswith(".delta"))
    assert blanks_and_empty_objects_aside(told) == blanks_and_empty_objects_aside(said)


def blanks_and_empty_objects_aside(text: str) -> str:
    """A call without arguments has `{}`, which nobody said, instead of blanks, which somebody may have."""
    return "".join(text.replace("{}", "").split())


@FEW
@given(turns(), OPTIONS)
def test_what_went_out_comes_back_in(turn: list[TurnEvent], options: ResponseOptions) -> None:
    events = response_events(options)
    output = [*pushed(events, turn), *events.close(NOW)][-1]["response"]["output"]
    assert item_bodies(parse_items(json.loads(json.dumps(output))), pytest.fail) == output
