"""A stream that OpenAI sent, beside ours for the same answer."""

import json

from ossian.api.fields import JsonObject
from tests.api.responses.made_streams import STOP, answer, shown, stream_of, thought, written
from tests.repository import ROOT

FIXTURE = ROOT / "tests" / "fixtures" / "openai_event_stream.txt"
LINES = FIXTURE.read_text(encoding="utf-8").splitlines()
THEIRS = [json.loads(line.removeprefix("data: ")) for line in LINES if line.startswith("data: ")]
WORDS = [event["delta"] for event in THEIRS if event["type"] == "response.output_text.delta"]
OURS = written(
    stream_of([*thought(), *answer(*WORDS), STOP], instructions="You are a helpful assistant.", user="u"), "openai"
)


def of_the_message(events: list[JsonObject]) -> list[JsonObject]:
    """The events from the message on: of the reasoning OpenAI shows nothing there."""
    begin = next(i for i, event in enumerate(events) if event.get("item", {}).get("type") == "message")
    return events[begin:]


def test_the_order_is_the_same() -> None:
    assert list(shown(of_the_message(OURS))) == list(shown(of_the_message(THEIRS)))
    assert [event["type"] for event in OURS[:3]] == [event["type"] for event in THEIRS[:3]]


def test_every_member_of_theirs_is_in_ours_and_of_the_same_kind() -> None:
    for ours, theirs in zip(of_the_message(OURS), of_the_message(THEIRS), strict=True):
        check_members(ours, theirs)
    for ours, theirs in zip(OURS[:3], THEIRS[:3], strict=True):
        check_members(ours, theirs)


def check_members(ours: JsonObject, theirs: JsonObject) -> None:
    assert theirs.keys() <= ours.keys()
    for name, value in theirs.items():
        if isinstance(value, dict):
            check_members(ours[name], value)
        elif isinstance(value, list) and value and isinstance(value[-1], dict):
            check_members(ours[name][-1], value[-1])
        elif value is not None and ours[name] is not None:
            assert type(ours[name]) is type(value), name


def texts(events: list[JsonObject]) -> list[str | None]:
    return [event.get("text", event.get("delta")) for event in of_the_message(events)]


def test_the_texts_are_the_same() -> None:
    assert texts(OURS) == texts(THEIRS)
