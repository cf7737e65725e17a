"""Streams are broken off after each of their events, and mended."""

import pytest

from ossian.api.responses.broken_streams import mended
from ossian.api.responses.dialects import DIALECTS, Dialect
from ossian.api.responses.response import failed, terminal_event
from tests.api.responses.made_streams import ALL_OPTIONS, OPTIONS, TURNS, body, shown, stream_of, written
from tests.specs.validators import check_stream

NUM_FIRST = 2  # created, in_progress
ERROR = {"code": "server_error", "message": "The server is gone."}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", TURNS)
def test_a_stream_that_broke_off_anywhere_is_closed(name: str, dialect: Dialect) -> None:
    turn, fields = TURNS[name]
    events = stream_of(turn, ALL_OPTIONS if "include" in fields else OPTIONS, **fields)
    for num_events in range(NUM_FIRST, len(events)):
        logged = events[:num_events]
        closing, output = mended(logged)
        last = terminal_event(failed(body(**fields) | {"output": output}, ERROR))
        check_stream(written([*logged, *closing, last], dialect), dialect)


def test_what_is_whole_stays_as_it_is() -> None:
    events = stream_of(TURNS["answer"][0])
    assert mended(events[:-1]) == ([], events[-1]["response"]["output"])
    assert mended(events[:NUM_FIRST]) == mended([]) == ([], [])


def test_nothing_is_told_twice() -> None:
    events = stream_of(TURNS["custom_tool_call"][0])
    for num_events in range(NUM_FIRST, len(events)):
        closing, _ = mended(events[:num_events])
        kinds = [kind for kind in shown([*events[:num_events], *closing]) if not kind.endswith(".delta")]
        assert kinds == list(shown(event for event in events if not event["type"].endswith(".delta")))[: len(kinds)]
