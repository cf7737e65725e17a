"""Server-sent events: one write an event, a sign of life while there is none, and an end the client can tell."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from time import monotonic
from typing import Protocol

import orjson
import structlog
from fastapi import Response
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from ossian.api.errors import error_answer
from ossian.api.fields import JsonObject
from ossian.errors import OssianError
from ossian.server.disconnect import while_connected
from ossian.server.errors import CLIENT_LEFT
from ossian.server.request_context import RequestRecord, record_of

KEEP_ALIVE = b": keep-alive\n\n"
DONE = b"data: [DONE]\n\n"
STALLED_SECONDS = 60.0  # a client that takes nothing for so long has left, or it would keep its place for ever

log = structlog.get_logger()


class Source(Protocol):
    """What is behind a stream, and ends with it."""

    async def aclose(self) -> None: ...


def event(body: JsonObject) -> bytes:
    """Return one event."""
    return b"data: " + orjson.dumps(body) + b"\n\n"


def named_event(body: JsonObject) -> bytes:
    """Return one event under the name of its type."""
    name: str = body["type"]
    return b"event: " + name.encode() + b"\n" + event(body)


class EventStream(Response):
    """Sends chunks as events, then `[DONE]`; closes the source behind them, at once if the client leaves.

    An exception after the start is sent as an event with OpenAI's error object, and no `[DONE]` follows.
    """

    media_type = "text/event-stream"
    charset = "utf-8"

    def __init__(
        self,
        chunks: AsyncGenerator[JsonObject],
        source: Source,
        keep_alive_seconds: float,
        encode: Callable[[JsonObject], bytes] = event,
    ) -> None:
        super().__init__(headers={"cache-control": "no-cache", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._chunks = chunks
        self._source = source
        self._encode = encode
        self._keep_alive_seconds = keep_alive_seconds
        self._last_sent = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream, to its end or to the client's."""
        record = record_of(scope)
        try:
            await while_connected(receive, self._stream(send, record))
        except ClientDisconnect:
            record.status = CLIENT_LEFT
        finally:
            await self._chunks.aclose()
            await self._source.aclose()  # also when no chunk was ever read

    async def _stream(self, send: Send, record: RequestRecord) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        self._last_sent = monotonic()
        living = asyncio.ensure_future(self._keep_alive(send))
        try:
            await self._send_events(send, record)
        finally:
            living.cancel()
            await asyncio.gather(living, return_exceptions=True)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_events(self, send: Send, record: RequestRecord) -> None:
        try:
            async for chunk in self._chunks:
                await self._write(send, self._encode(chunk))
            await self._write(send, DONE)
        except ClientDisconnect:
            raise
        except Exception as error:
            if not isinstance(error, OssianError):
                log.exception("stream failed", request_id=record.request_id)
            record.status, body = error_answer(error)
            await self._write(send, event(body))

    async def _keep_alive(self, send: Send) -> None:
        """Write a comment whenever nothing was sent for so long, lest a proxy or client give up."""
        while True:
            silence = monotonic() - self._last_sent
            if silence >= self._keep_alive_seconds:
                await self._write(send, KEEP_ALIVE)
            else:
                await asyncio.sleep(self._keep_alive_seconds - silence)

    async def _write(self, send: Send, data: bytes) -> None:
        self._last_sent = monotonic()
        message: Message = {"type": "http.response.body", "body": data, "more_body": True}
        try:
            async with asyncio.timeout(STALLED_SECONDS):
                await send(message)
        except TimeoutError:
            raise ClientDisconnect from None
