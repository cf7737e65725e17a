import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from starlette.types import Message

from ossian.errors import EngineDeadError
from ossian.server import sse
from ossian.server.errors import CLIENT_LEFT
from ossian.server.request_context import RequestRecord
from ossian.server.sse import DONE, KEEP_ALIVE, EventStream, event, named_event
from ossian.server.turns import Turns
from tests.server.test_turns import Source

SCOPE: dict[str, Any] = {"type": "http", "ossian.record": RequestRecord("req_1")}


async def never() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


async def chunks(*bodies: dict[str, Any], error: Exception | None = None) -> AsyncGenerator[dict[str, Any]]:
    for body in bodies:
        yield body
    if error is not None:
        raise error


async def sent_by(stream: EventStream) -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await stream(SCOPE, never, send)
    return sent


async def test_one_write_an_event() -> None:
    source = Source()
    sent = await sent_by(EventStream(chunks({"a": 1}, {"b": "€"}), Turns([source], print), 10))
    assert sent[0]["status"] == 200
    assert [message["body"] for message in sent[1:]] == [
        b'data: {"a":1}\n\n',
        'data: {"b":"€"}\n\n'.encode(),
        DONE,
        b"",
    ]
    assert [message["more_body"] for message in sent[1:]] == [True, True, True, False]
    assert source.num_closed == 1
    assert len(asyncio.all_tasks()) == 1


async def test_events_can_have_names() -> None:
    source = Source()
    sent = await sent_by(EventStream(chunks({"type": "response.created", "n": 1}), source, 10, named_event))
    assert sent[1]["body"] == b'event: response.created\ndata: {"type":"response.created","n":1}\n\n'
    assert (sent[2]["body"], source.num_closed) == (DONE, 1)


def test_an_event_is_one_line_whatever_is_in_it() -> None:
    assert event({"text": "a\nb\r\u2028"}).count(b"\n") == 2


@pytest.mark.parametrize(
    "error, message",
    [(EngineDeadError("It is dead."), "It is dead."), (RuntimeError("secret"), "The server had an error")],
)
async def test_an_error_ends_the_stream_without_done(error: Exception, message: str) -> None:
    sent = await sent_by(EventStream(chunks({"a": 1}, error=error), Turns([Source()], print), 10))
    bodies = [each["body"] for each in sent[1:]]
    assert json.loads(bodies[1].removeprefix(b"data: "))["error"]["message"].startswith(message)
    assert bodies[2:] == [b""]
    assert DONE not in bodies
    assert SCOPE["ossian.record"].status == (503 if isinstance(error, EngineDeadError) else 500)
    assert b"secret" not in b"".join(bodies)


async def test_a_client_that_takes_nothing_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "STALLED_SECONDS", 0.05)
    source, scope = Source(), SCOPE | {"ossian.record": RequestRecord("req_2")}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    async with asyncio.timeout(10):
        await EventStream(chunks({"a": 1}, {"b": 2}), Turns([source], print), 10)(scope, never, send)
    assert (source.num_closed, scope["ossian.record"].status) == (1, CLIENT_LEFT)


async def test_silence_is_filled_until_there_is_something_to_say() -> None:
    sent: list[bytes] = []
    enough = asyncio.Event()

    async def slow() -> AsyncGenerator[dict[str, Any]]:
        yield {"a": 1}
        await enough.wait()
        yield {"b": 2}

    async def send(message: Message) -> None:
        sent.append(message.get("body", b""))
        if sent.count(KEEP_ALIVE) == 2:
            enough.set()

    await EventStream(slow(), Turns([Source()], print), 0.01)(SCOPE, never, send)
    assert [body for body in sent if body] == [
        b'data: {"a":1}\n\n',
        *[KEEP_ALIVE] * sent.count(KEEP_ALIVE),
        b'data: {"b":2}\n\n',
        DONE,
    ]


@pytest.mark.parametrize("num_read", [0, 1])
async def test_when_the_client_leaves_everything_is_closed(num_read: int) -> None:
    source = Source()
    left = asyncio.Event()
    is_closed = False

    async def endless() -> AsyncGenerator[dict[str, Any]]:
        nonlocal is_closed
        try:
            for _ in range(num_read):
                yield {}
            left.set()
            await asyncio.Event().wait()
        finally:
            is_closed = True

    async def receive() -> Message:
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        pass

    await EventStream(endless(), Turns([source], print), 10)(SCOPE, receive, send)
    assert is_closed
    assert source.num_closed == 1
    assert SCOPE["ossian.record"].status == CLIENT_LEFT
    assert len(asyncio.all_tasks()) == 1


async def test_a_client_that_left_before_the_first_chunk_closes_the_turns() -> None:
    source = Source()

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    async def stuck(message: Message) -> None:
        await asyncio.Event().wait()

    await EventStream(chunks({}), Turns([source], print), 10)(SCOPE, gone, stuck)
    assert source.num_closed == 1
