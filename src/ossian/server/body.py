"""The request body: its size is bounded, packed and unpacked, and it must be said to be JSON."""

import asyncio
import gzip
import io
import sys
import zlib
from collections.abc import Callable
from typing import Protocol

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ossian.errors import InvalidRequestError, RequestTooLargeError, UnsupportedMediaTypeError
from ossian.server.errors import error_response

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ZSTD_WINDOW_LOG = 23  # 8 MiB, the largest window that HTTP knows (RFC 9659); it is memory that a frame may ask for
PIECE = 64 * 1024  # bytes that are unpacked between two looks at the limit


class Reader(Protocol):
    """What unpacks a body."""

    def read(self, size: int, /) -> bytes: ...


def _gzip_reader(body: bytes) -> Reader:
    return gzip.GzipFile(fileobj=io.BytesIO(body))


def _zstd_reader(body: bytes) -> Reader:
    return zstd.ZstdFile(io.BytesIO(body), options={zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG})


READERS: dict[str, Callable[[bytes], Reader]] = {"gzip": _gzip_reader, "x-gzip": _gzip_reader, "zstd": _zstd_reader}
BROKEN = (OSError, EOFError, zlib.error, zstd.ZstdError)


class BodyLimit:
    """Answers 413 to a body over the limit: at once when its length is announced, else where it passes the limit."""

    def __init__(self, app: ASGIApp, max_body_bytes: int) -> None:
        self.app = app
        self.max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif int(Headers(scope=scope).get("content-length", "0")) > self.max_body_bytes:
            await error_response(too_large(self.max_body_bytes))(scope, receive, send)
        else:
            await self.app(scope, self._counted(receive), send)

    def _counted(self, receive: Receive) -> Receive:
        num_bytes = 0

        async def counted() -> Message:
            nonlocal num_bytes
            message = await receive()
            num_bytes += len(message.get("body", b""))
            if num_bytes > self.max_body_bytes:
                raise too_large(self.max_body_bytes)
            return message

        return counted


async def json_body(request: Request, max_body_bytes: int) -> bytes:
    """Return the body of a request that says it is JSON, unpacked.

    Raises UnsupportedMediaTypeError when it is not JSON or packed in a way that is not known, InvalidRequestError when
    it cannot be unpacked, RequestTooLargeError when more than `max_body_bytes` come out.

    A web page can send anything but JSON to a foreign server without asking it first, so this is a lock as well.
    """
    content_type = request.headers.get("content-type", "")
    media_type, _, parameters = content_type.partition(";")
    charset = parameters.replace(" ", "").replace('"', "").lower()
    if media_type.strip().lower() != "application/json" or charset not in ("", "charset=utf-8"):
        given = f", not '{content_type[:80]}'" if content_type else ""
        raise _unsupported(f"Send the header 'Content-Type: application/json'{given}; JSON is in UTF-8.")
    encoding = request.headers.get("content-encoding", "").strip().lower() or "identity"
    if encoding == "identity":
        return await request.body()
    if encoding not in READERS:
        raise _unsupported(f"Cannot unpack a body of Content-Encoding '{encoding[:80]}'; send gzip, zstd or none.")
    return await asyncio.to_thread(unpacked, await request.body(), encoding, max_body_bytes)


def unpacked(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """Return a compressed body as it was. Unpacking stops at the limit, so that a small bomb stays small.

    Raises InvalidRequestError when the body is broken, RequestTooLargeError when it is over the limit.
    """
    try:
        return _read(READERS[encoding](body), max_bytes)
    except BROKEN as error:
        reason = str(error).rstrip(".")
        message = f"The request body is not what its header 'Content-Encoding: {encoding}' says: {reason}."
        raise InvalidRequestError(message, code="invalid_encoding") from None


def _read(reader: Reader, max_bytes: int) -> bytes:
    pieces: list[bytes] = []
    num_bytes = 0
    while piece := reader.read(PIECE):
        num_bytes += len(piece)
        if num_bytes > max_bytes:
            raise too_large(max_bytes)
        pieces.append(piece)
    return b"".join(pieces)


def too_large(max_bytes: int) -> RequestTooLargeError:
    """Return what a body over the limit is refused with."""
    message = f"The request body is over the limit of {max_bytes} bytes. The operator can raise server.max_body_bytes."
    return RequestTooLargeError(message, code="request_too_large")


def _unsupported(message: str) -> UnsupportedMediaTypeError:
    return UnsupportedMediaTypeError(message, code="unsupported_media_type")
