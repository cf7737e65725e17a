from collections.abc import AsyncGenerator
from typing import Any

import pytest
import structlog

from ossian.errors import EngineDeadError, InvalidRequestError
from ossian.server.responses.stream import begun, written

CREATED = {"type": "response.created", "response": {"status": "in_progress", "output": []}}
DELTA = {"type": "response.output_text.delta", "delta": "a"}


async def events(*made: dict[str, Any] | Exception) -> AsyncGenerator[dict[str, Any]]:
    for each in made:
        if isinstance(each, Exception):
            raise each
        yield each


async def test_events_are_numbered_and_those_the_client_has_are_left_out() -> None:
    told = [event async for event in written(events(CREATED, DELTA, DELTA), "openai", starting_after=0)]
    assert told == [DELTA | {"sequence_number": 1}, DELTA | {"sequence_number": 2}]
    assert [event async for event in written(events(CREATED), "openai")] == [CREATED | {"sequence_number": 0}]


async def test_a_failure_of_ours_is_an_event_that_says_so() -> None:
    *_, last = [event async for event in written(events(CREATED, EngineDeadError("It died.")), "openai")]
    assert last == {
        "type": "error",
        "code": "engine_dead",
        "message": "It died.",
        "param": None,
        "sequence_number": 1,
    }


async def test_a_failure_of_the_programs_is_logged_and_not_told() -> None:
    with structlog.testing.capture_logs() as logs:
        *_, last = [event async for event in written(events(CREATED, ValueError("secret")), "open-responses")]
    assert last["error"]["code"] == "internal_error"
    assert "secret" not in str(last)
    assert [each["event"] for each in logs] == ["stream failed"]


async def test_what_fails_before_the_first_event_is_raised() -> None:
    with pytest.raises(InvalidRequestError):
        await begun(events(InvalidRequestError("No.")))
    assert [event async for event in await begun(events(CREATED, DELTA))] == [CREATED, DELTA]


async def test_streams_that_are_left_close_what_is_behind_them() -> None:
    is_closed = []

    async def source() -> AsyncGenerator[dict[str, Any]]:
        try:
            while True:
                yield DELTA
        finally:
            is_closed.append(True)

    stream = written(await begun(source()), "openai")
    await anext(stream)
    await stream.aclose()
    assert is_closed == [True]
