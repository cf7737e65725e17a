"""Body limits; over a socket they are tested in test_app.py."""

from collections.abc import Callable

import pytest
from starlette.types import Message, Receive, Scope, Send

from ossian.errors import RequestTooLargeError
from ossian.server.body import BodyLimit


class Reader:
    """An application that reads the whole body."""

    def __init__(self) -> None:
        self.body = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_more = True
        while is_more:
            message = await receive()
            self.body += message["body"]
            is_more = message["more_body"]


def receiving(*parts: bytes) -> Callable[[], object]:
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    messages[-1]["more_body"] = False
    left = iter(messages)

    async def receive() -> Message:
        return next(left)

    return receive


async def unsent(message: Message) -> None:
    raise AssertionError(f"sent {message}")


def scope(**headers: str) -> Scope:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": "POST", "path": "/", "headers": raw}


async def test_a_body_within_the_limit_arrives_whole() -> None:
    reader = Reader()
    await BodyLimit(reader, 6)(scope(content_length="6"), receiving(b"abc", b"", b"def"), unsent)  # type: ignore[arg-type]
    assert reader.body == b"abcdef"


async def test_a_body_that_grows_over_the_limit_is_read_no_further() -> None:
    reader = Reader()
    with pytest.raises(RequestTooLargeError, match="over the limit of 5 bytes"):
        await BodyLimit(reader, 5)(scope(), receiving(b"abc", b"def", b"ghi"), unsent)  # type: ignore[arg-type]
    assert reader.body == b"abc"


async def test_an_announced_length_is_answered_without_reading() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError("the body was read")

    await BodyLimit(Reader(), 5)(scope(content_length="6"), receive, send)
    assert sent[0]["status"] == 413
    assert b"request_too_large" in sent[1]["body"]


async def test_other_protocols_pass() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    await BodyLimit(app, 1)({"type": "lifespan"}, receiving(b""), unsent)  # type: ignore[arg-type]
    assert seen == ["lifespan"]
