"""The request body: its size is bounded, packed and unpacked, and it must be said to be JSON."""

import asyncio
from collections.abc import Collection

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ossian.errors import UnsupportedMediaTypeError
from ossian.server.content_encodings import DECOMPRESSORS, too_large, unpacked
from ossian.server.errors import error_response


class BodyLimit:
    """Answers 413 to a body over the limit: at once when its length is announced, else where it passes the limit.

    `exempt` are paths that have a limit of their own, and look after it themselves.
    """

    def __init__(self, app: ASGIApp, max_body_bytes: int, exempt: Collection[str] = ()) -> None:
        self.app = app
        self.max_body_bytes = max_body_bytes
        self.exempt = exempt

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] in self.exempt:
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
    encoding = ", ".join(request.headers.getlist("content-encoding")).lower()
    if encoding in ("", "identity"):
        return await request.body()
    if encoding not in DECOMPRESSORS:
        raise _unsupported(f"Cannot unpack a body of Content-Encoding '{encoding[:80]}'; send gzip, zstd or none.")
    return await asyncio.to_thread(unpacked, await request.body(), encoding, max_body_bytes)


def _unsupported(message: str) -> UnsupportedMediaTypeError:
    return UnsupportedMediaTypeError(message, code="unsupported_media_type")
