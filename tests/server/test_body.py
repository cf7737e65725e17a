"""Body limits and compressed bodies; over a socket the limits are tested in test_app.py."""

import gzip
import json
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send

from ossian.errors import InvalidRequestError, RequestTooLargeError
from ossian.server.body import READERS, BodyLimit, unpacked
from tests.api.shapes import faults
from tests.server.serving import MODEL, Served, scripted, serving

PACKERS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "zstd": zstd.compress}
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


@pytest.mark.parametrize("encoding", PACKERS)
@given(body=st.binary(max_size=200_000))
def test_what_was_packed_is_unpacked(encoding: str, body: bytes) -> None:
    assert unpacked(PACKERS[encoding](body), encoding, len(body)) == body


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_body_in_several_frames_is_one_body(encoding: str) -> None:
    pack = PACKERS[encoding]
    assert unpacked(pack(b"one ") + pack(b"") + pack(b"two"), encoding, 7) == b"one two"


@pytest.mark.parametrize("encoding", PACKERS)
@pytest.mark.parametrize("num_bytes", [1, 65_535, 65_536, 65_537, 500_000])
def test_the_limit_counts_what_comes_out_and_is_exact(encoding: str, num_bytes: int) -> None:
    packed = PACKERS[encoding](bytes(num_bytes))
    assert unpacked(packed, encoding, num_bytes) == bytes(num_bytes)
    with pytest.raises(RequestTooLargeError, match=f"over the limit of {num_bytes - 1} bytes"):
        unpacked(packed, encoding, num_bytes - 1)


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_bomb_is_unpacked_no_further_than_the_limit(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    num_read = 0
    make_reader = READERS[encoding]

    class Counted:
        def __init__(self, body: bytes) -> None:
            self.reader = make_reader(body)

        def read(self, size: int) -> bytes:
            nonlocal num_read
            piece = self.reader.read(size)
            num_read += len(piece)
            return piece

    monkeypatch.setitem(READERS, encoding, Counted)
    bomb = PACKERS[encoding](bytes(20_000_000))
    assert len(bomb) < 20_000
    with pytest.raises(RequestTooLargeError):
        unpacked(bomb, encoding, 100_000)
    assert num_read <= 100_000 + 65_536


@pytest.mark.parametrize("encoding", PACKERS)
@pytest.mark.parametrize("damage", ["cut", "other", "tail", "flipped"])
def test_broken_data_is_said_to_be_broken(encoding: str, damage: str) -> None:
    packed = PACKERS[encoding](os.urandom(1000))
    bodies = {
        "cut": packed[:-3],
        "other": b'{"model": "x"}',
        "tail": packed + b"tail",
        "flipped": packed[:3] + bytes([packed[3] ^ 0xFF, packed[4] ^ 0xFF]) + packed[5:],
    }
    with pytest.raises(InvalidRequestError, match=f"not what its header 'Content-Encoding: {encoding}' says") as caught:
        unpacked(bodies[damage], encoding, 10_000)
    assert caught.value.code == "invalid_encoding"
    assert not caught.value.message.endswith("..")


@pytest.mark.parametrize("encoding", PACKERS)
@given(body=st.binary(max_size=2000))
def test_any_bytes_are_unpacked_or_refused(encoding: str, body: bytes) -> None:
    for prefix in (b"", PACKERS[encoding](b"x" * 100)[:12]):
        with suppress(InvalidRequestError, RequestTooLargeError):
            assert len(unpacked(prefix + body, encoding, 100_000)) <= 100_000


def test_a_frame_that_asks_for_a_large_window_is_refused() -> None:
    """A few bytes could make the server set aside two gigabytes."""
    packer = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 27})
    packed = packer.compress(os.urandom(2000)) + packer.flush()
    with pytest.raises(InvalidRequestError, match="too much memory"):
        unpacked(packed, "zstd", 10_000)


def test_gzip_without_its_header_is_not_gzip() -> None:
    with pytest.raises(InvalidRequestError):
        unpacked(zlib.compress(b"{}"), "gzip", 100)


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
