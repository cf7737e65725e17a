"""The request body: its size is bounded before and while it is read, and it must be said to be JSON."""

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ossian.errors import RequestTooLargeError, UnsupportedMediaTypeError
from ossian.server.errors import error_response


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
            await error_response(self._too_large())(scope, receive, send)
        else:
            await self.app(scope, self._counted(receive), send)

    def _counted(self, receive: Receive) -> Receive:
        num_bytes = 0

        async def counted() -> Message:
            nonlocal num_bytes
            message = await receive()
            num_bytes += len(message.get("body", b""))
            if num_bytes > self.max_body_bytes:
                raise self._too_large()
            return message

        return counted

    def _too_large(self) -> RequestTooLargeError:
        limit = self.max_body_bytes
        message = f"The request body is over the limit of {limit} bytes. The operator can raise server.max_body_bytes."
        return RequestTooLargeError(message, code="request_too_large")


async def json_body(request: Request) -> bytes:
    """Return the body of a request that says it is JSON. Raises UnsupportedMediaTypeError when it is not.

    A web page can send anything but JSON to a foreign server without asking it first, so this is a lock as well.
    """
    content_type = request.headers.get("content-type", "")
    media_type, _, parameters = content_type.partition(";")
    charset = parameters.replace(" ", "").replace('"', "").lower()
    if media_type.strip().lower() != "application/json" or charset not in ("", "charset=utf-8"):
        given = f", not '{content_type[:80]}'" if content_type else ""
        raise _unsupported(f"Send the header 'Content-Type: application/json'{given}; JSON is in UTF-8.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise _unsupported("Compressed request bodies are not supported; leave the header 'Content-Encoding' out.")
    return await request.body()


def _unsupported(message: str) -> UnsupportedMediaTypeError:
    return UnsupportedMediaTypeError(message, code="unsupported_media_type")
