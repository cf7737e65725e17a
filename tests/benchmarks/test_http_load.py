"""The client that loads servers reads whole answers, however they are framed."""

import asyncio
import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.http_load import Target, load, read_answer
from ossian.engine.scripted import ScriptedEngine
from tests.server.serving import MODEL, Served, scripted, serving

BODY = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "2+2?"}]}).encode()


def reader_of(*answers: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    reader.feed_data(b"".join(answers))
    reader.feed_eof()
    return reader


def plain(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def chunked(chunks: list[bytes]) -> bytes:
    framed = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in [*chunks, b""])
    return b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + framed


@given(st.lists(st.binary(max_size=50)))
def test_answers_on_one_connection_are_told_apart(bodies: list[bytes]) -> None:
    async def read_all() -> None:
        reader = reader_of(*(plain(body) for body in bodies))
        assert [await read_answer(reader) for _ in bodies] == bodies
        assert reader.at_eof()

    asyncio.run(read_all())


@given(st.lists(st.binary(min_size=1, max_size=50)))
def test_a_chunked_answer_is_read_to_its_end(chunks: list[bytes]) -> None:
    async def read_all() -> None:
        reader = reader_of(chunked(chunks), plain(b"next"))
        await read_answer(reader)
        assert await read_answer(reader) == b"next"

    asyncio.run(read_all())


async def test_an_answer_that_is_an_error_ends_the_measurement() -> None:
    with pytest.raises(RuntimeError, match=r"429.*too many"):
        await read_answer(reader_of(plain(b"too many", "429 Too Many Requests")))


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with serving(scripted(), api_keys=["sk-a"]) as served:
        yield served


def requests_of(server: Served) -> int:
    assert isinstance(server.engine, ScriptedEngine)
    return len(server.engine.requests)


async def test_so_many_requests_are_made_as_asked_for(server: Served) -> None:
    port = int(server.url.rsplit(":", 1)[1])
    before = requests_of(server)
    shown = await load(Target(port, BODY, "sk-a"), 3, 10)
    assert len(shown.latencies) == requests_of(server) - before == 10
    assert 0 < max(shown.latencies) <= shown.seconds


async def test_a_key_that_is_refused_is_an_error(server: Served) -> None:
    port = int(server.url.rsplit(":", 1)[1])
    with pytest.raises(RuntimeError, match="401"):
        await load(Target(port, BODY, "sk-another"), 1, 1)
