"""A partner that is a server: any that speaks OpenAI's chat completions."""

import json
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterator, Sequence
from contextlib import aclosing

import httpx2

from ossian.api.fields import JsonObject
from ossian.cli.chat.completion import DeltaReader, request_body
from ossian.cli.chat.partner import ChatOptions, CutOff, Exchange, Piece, Round, ToolCall
from ossian.errors import OssianError


class ServerError(OssianError):
    """The server could not be reached, or refused; the message says why."""


class HttpPartner:
    """Talks to the server at `url`, with or without `/v1` at its end."""

    def __init__(self, url: str, model: str, api_key: str | None, options: ChatOptions) -> None:
        self.name = model
        self._url = completions_url(url)
        self._headers = {"Authorization": f"Bearer {checked_key(api_key)}"} if api_key else {}
        self._options = options

    async def answer(
        self, earlier: Sequence[Exchange], question: str, rounds: Sequence[Round] = ()
    ) -> AsyncGenerator[Piece | ToolCall | CutOff, None]:
        """Yield the streamed deltas, then the end that they made up. Raises ServerError."""
        reader = DeltaReader()
        async with aclosing(self._chunks(request_body(self.name, self._options, earlier, question, rounds))) as stream:
            async for chunk in stream:
                for piece in reader.read(chunk):
                    yield piece
        if not reader.is_whole:
            raise ServerError(f"What {self._url} answered has no end: it broke off, or is no stream of chunks.")
        for each in reader.end():
            yield each

    async def _chunks(self, body: JsonObject) -> AsyncGenerator[JsonObject, None]:
        timeout = httpx2.Timeout(10.0, read=None)  # a long prompt may take minutes before its first token
        try:
            async with (
                httpx2.AsyncClient(timeout=timeout, headers=self._headers) as client,
                client.stream("POST", self._url, json=body) as response,
            ):
                if response.status_code != httpx2.codes.OK:
                    raise ServerError(refusal(self._url, response.status_code, await response.aread()))
                async for line in lines(response.aiter_bytes()):
                    for chunk in chunks(line):
                        yield chunk
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            raise ServerError(f"No answer from {self._url} ({reason}). Is the server running?") from error


def checked_key(given: str) -> str:
    """Return a key without the blanks around it. Raises ServerError, which does not show it, for what is none."""
    key = given.strip()
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise ServerError("OSSIAN_API_KEY is not a key: it has blanks or characters that are not ASCII.")
    return key


def completions_url(url: str) -> str:
    """Return the chat completions endpoint of a server."""
    base = url if "://" in url else f"http://{url}"
    return f"{base.rstrip('/').removesuffix('/v1')}/v1/chat/completions"


async def lines(body: AsyncIterable[bytes]) -> AsyncIterator[str]:
    """Yield the lines of an event stream. The other line separators of Unicode are text: JSON may hold them."""
    rest = b""
    async for part in body:
        *whole, rest = (rest + part).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace")
    yield rest.decode(errors="replace")


def chunks(line: str) -> Iterator[JsonObject]:
    """Yield the chunk that a line of the event stream carries, if any. Raises ServerError for an error event."""
    data = line.removeprefix("data:").strip()
    if not line.startswith("data:") or data in ("", "[DONE]"):
        return
    try:
        chunk = json.loads(data)
    except ValueError as error:
        raise ServerError(f"The server sent what is no chunk of an answer: {data[:200]}") from error
    if not isinstance(chunk, dict):
        raise ServerError(f"The server sent what is no chunk of an answer: {data[:200]}")
    if said := chunk.get("error"):
        raise ServerError(f"The server stopped: {said.get('message', said) if isinstance(said, dict) else said}")
    yield chunk


def refusal(url: str, status: int, body: bytes) -> str:
    """Return what an error response says, in one line."""
    try:
        message = json.loads(body)["error"]["message"]
    except (ValueError, KeyError, TypeError):
        message = body[:200].decode(errors="replace")
    return f"{url} answered {status}: {message}"
