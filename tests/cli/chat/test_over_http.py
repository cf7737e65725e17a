import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ossian.api.fields import JsonObject
from ossian.cli.chat.over_http import HttpPartner, ServerError, chunks, completions_url
from ossian.cli.chat.partner import ChatOptions, CutOff, Piece, ToolCall

END = 'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'

Exchanger = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(status: str, body: str) -> AsyncIterator[tuple[str, list[str]]]:
    """Serve one canned response to every request; yields the URL and the requests as they came."""
    requests: list[str] = []

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.split(":")[1]) for line in head.lower().splitlines() if line.startswith("content-length")
        )
        requests.append(head + (await reader.readexactly(length)).decode())
        writer.write(f"HTTP/1.1 {status}\r\nConnection: close\r\n\r\n{body}".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    listener = await asyncio.start_server(respond, "127.0.0.1", 0)
    async with listener:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}", requests


def chunk(**delta: Any) -> str:
    return f"data: {json.dumps({'choices': [{'index': 0, 'delta': delta}]}, ensure_ascii=False)}\n\n"


async def answer(url: str, api_key: str | None = None) -> list[Piece | ToolCall | CutOff]:
    return [piece async for piece in HttpPartner(url, "gpt-oss-20b", api_key, ChatOptions()).answer([], "Hello")]


async def test_the_stream_is_read_as_it_comes() -> None:
    body = ": keep-alive\n\n" + chunk(role="assistant", content="") + chunk(reasoning="Hm.") + chunk(content="Hi")
    async with server("200 OK", body + chunk(content=".") + END) as (url, requests):
        assert await answer(url) == [Piece("Hm.", True), Piece("Hi", False), Piece(".", False)]
    assert requests[0].startswith("POST /v1/chat/completions HTTP/1.1")
    assert "authorization" not in requests[0].lower()


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"])
async def test_separators_in_the_text_end_no_line_of_the_stream(separator: str) -> None:
    body = (chunk(content=f"a{separator}b") + END).replace("\n", "\r\n")
    async with server("200 OK", body) as (url, _):
        assert await answer(url) == [Piece(f"a{separator}b", False)]


@pytest.mark.parametrize(
    "body",
    [
        chunk(content="Hi"),
        chunk(tool_calls=[{"index": 0, "id": "call_7", "function": {"name": "throw_dice", "arguments": ""}}]),
        "<html>Welcome</html>",
        json.dumps({"choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]}),
        "",
    ],
)
async def test_an_answer_without_its_end_is_an_error_and_no_call_is_made(body: str) -> None:
    async with server("200 OK", body) as (url, _):
        with pytest.raises(ServerError, match="has no end"):
            await answer(url)


async def test_calls_come_after_the_text() -> None:
    start = {"index": 0, "id": "call_7", "function": {"name": "get_time", "arguments": ""}}
    body = chunk(tool_calls=[start]) + chunk(tool_calls=[{"index": 0, "function": {"arguments": "{}"}}])
    async with server("200 OK", body + chunk(content="Hm.") + END) as (url, _):
        assert await answer(url) == [Piece("Hm.", False), ToolCall("call_7", "get_time", "{}")]


async def test_the_key_is_sent() -> None:
    async with server("200 OK", END) as (url, requests):
        assert await answer(f"{url}/v1/", "sk-1") == []
    assert "authorization: bearer sk-1" in requests[0].lower()


async def test_a_refusal_says_what_the_server_said() -> None:
    async with server("404 Not Found", json.dumps({"error": {"message": "no such model"}})) as (url, _):
        with pytest.raises(ServerError, match=r"v1/chat/completions answered 404: no such model"):
            await answer(url)


@pytest.mark.parametrize("body", ["<html>", "[]", '{"error": "x"}', ""])
async def test_a_refusal_of_another_form_is_shown_as_it_is(body: str) -> None:
    async with server("502 Bad Gateway", body) as (url, _):
        with pytest.raises(ServerError) as caught:
            await answer(url)
    assert str(caught.value).endswith(f"answered 502: {body}")


async def test_an_error_in_the_stream_ends_the_answer() -> None:
    body = chunk(content="Hi") + 'data: {"error": {"message": "the engine failed"}}\n\n'
    async with server("200 OK", body) as (url, _):
        with pytest.raises(ServerError, match="the engine failed"):
            await answer(url)


@pytest.mark.parametrize(
    "data, said", [('{"error": "overloaded"}', "stopped: overloaded"), ("[]", "no chunk"), ("{oops", "no chunk")]
)
async def test_what_is_no_chunk_is_an_error_and_no_traceback(data: str, said: str) -> None:
    async with server("200 OK", f"data: {data}\n\n") as (url, _):
        with pytest.raises(ServerError, match=said):
            await answer(url)


async def test_a_body_that_cannot_be_decoded_is_an_error() -> None:
    async with server("200 OK\r\nContent-Encoding: gzip", "no gzip") as (url, _):
        with pytest.raises(ServerError, match="No answer from"):
            await answer(url)


@pytest.mark.parametrize("key", ["sk-\u2026secret", "sk-a secret", "sk-secret\x7f"])
def test_what_is_no_key_is_not_shown(key: str) -> None:
    with pytest.raises(ServerError, match="OSSIAN_API_KEY is not a key") as caught:
        HttpPartner("localhost", "gpt-oss-20b", key, ChatOptions())
    assert "secret" not in str(caught.value)


async def test_a_line_end_behind_the_key_is_not_sent() -> None:
    async with server("200 OK", END) as (url, requests):
        assert await answer(url, "sk-1\r\n") == []
    assert "authorization: bearer sk-1\r\n" in requests[0].lower()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "127.0.0.1:1/v1", "http://[::bad"])
async def test_no_server_is_an_error_with_the_address(url: str) -> None:
    with pytest.raises(ServerError, match=r"No answer from http://.*Is the server running"):
        await answer(url)


@pytest.mark.parametrize("url", ["localhost:80", "http://localhost:80/", "http://localhost:80/v1", "localhost:80/v1/"])
def test_servers_may_be_named_in_short(url: str) -> None:
    assert completions_url(url) == "http://localhost:80/v1/chat/completions"


@pytest.mark.parametrize(
    "line, expected",
    [
        ("", []),
        (": keep-alive", []),
        ("event: message", []),
        ("data: [DONE]", []),
        ("data:[DONE]", []),
        ('data: {"choices": [], "error": null}', [{"choices": [], "error": None}]),
        ('data: {"choices": []}', [{"choices": []}]),
        ('data:{"choices": [{"delta": {}}]}', [{"choices": [{"delta": {}}]}]),
    ],
)
def test_lines_of_the_stream(line: str, expected: list[JsonObject]) -> None:
    assert list(chunks(line)) == expected
