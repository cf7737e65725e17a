"""Body limits and compressed bodies; over a socket the limits are tested in test_app.py."""

import gzip
import json
import os
from collections.abc import Callable, Iterator

import pytest
from starlette.types import Message, Receive, Scope, Send

from ossian.errors import RequestTooLargeError
from ossian.server.body import BodyLimit
from tests.api.shapes import faults
from tests.server.packing import PACKERS
from tests.server.serving import MODEL, Served, scripted, serving

QUESTION = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "2+2?"}]}).encode()


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


@pytest.fixture(scope="module")
def small() -> Iterator[Served]:
    with serving(scripted(), max_body_bytes=1000) as served:
        yield served


def post(server: Served, body: bytes, encoding: str) -> tuple[int, str, str]:
    headers = {"content-type": "application/json", "content-encoding": encoding}
    response = server.post(content=body, headers=headers)
    if response.status_code == 200:
        return 200, "", ""
    assert faults(response.json(), "ErrorResponse") == []
    error = response.json()["error"]
    return response.status_code, error["code"], error["message"]


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "x-gzip", "GZIP", "Zstd"])
def test_a_packed_request_is_answered(small: Served, encoding: str) -> None:
    pack = PACKERS[encoding.lower().removeprefix("x-")]
    assert post(small, pack(QUESTION), encoding)[0] == 200


@pytest.mark.parametrize("encoding", ["", "identity", "Identity"])
def test_a_request_that_is_not_packed_may_say_so(small: Served, encoding: str) -> None:
    assert post(small, QUESTION, encoding)[0] == 200


@pytest.mark.parametrize("encoding", PACKERS)
def test_the_limit_holds_for_what_comes_out(small: Served, encoding: str) -> None:
    status, code, message = post(small, PACKERS[encoding](QUESTION.ljust(1001)), encoding)
    assert (status, code) == (413, "request_too_large")
    assert "server.max_body_bytes" in message
    assert post(small, PACKERS[encoding](QUESTION.ljust(1000)), encoding)[0] == 200


@pytest.mark.parametrize("encoding", PACKERS)
def test_the_limit_holds_for_what_arrives(small: Served, encoding: str) -> None:
    assert post(small, PACKERS[encoding](os.urandom(2000)), encoding)[:2] == (413, "request_too_large")


@pytest.mark.parametrize("encoding", ["br", "deflate", "compress", "gzip, zstd", "gzip;q=1", "x" * 500])
def test_an_unknown_encoding_is_told_which_are_known(small: Served, encoding: str) -> None:
    status, code, message = post(small, QUESTION, encoding)
    assert (status, code) == (415, "unsupported_media_type")
    assert "gzip, zstd or none" in message
    assert len(message) < 200


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_body_that_is_not_packed_as_it_says(small: Served, encoding: str) -> None:
    assert post(small, QUESTION, encoding)[:2] == (400, "invalid_encoding")


def test_a_packed_nothing_is_an_empty_body(small: Served) -> None:
    status, _, message = post(small, gzip.compress(b""), "gzip")
    assert status == 400
    assert "empty" in message
