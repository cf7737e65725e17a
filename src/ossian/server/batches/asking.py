"""Requests to the application itself, with a caller that is known already."""

import asyncio
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Scope

from ossian.accounts.callers import Caller
from ossian.server.access import CALLER

BATCH: Final = "ossian.batch"  # in the scope of a request: the id of the batch whose line it is
PASSING: Final = (429, 503)


@dataclass(frozen=True, slots=True)
class Line:
    """Whose request it is: that of a line of a batch, in a caller's name."""

    request_id: str
    caller: Caller
    batch_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int
    headers: Headers
    body: bytes

    @property
    def is_passing(self) -> bool:
        """Whether another try can succeed: there is no room at the moment, or the allowance of the moment is spent."""
        return self.status in PASSING and self.headers.get("x-should-retry") != "false"

    @property
    def retry_after(self) -> float | None:
        """In how many seconds to try again, if it says so."""
        given = self.headers.get("retry-after", "")
        return float(given) if given.isascii() and given.isdigit() else None


async def ask(app: ASGIApp, path: str, body: bytes, line: Line) -> Answer:
    """Return the application's answer to a POST of JSON."""
    parts: list[bytes] = []
    start: Message = {"status": 0, "headers": []}
    unread = [body]

    async def receive() -> Message:
        if unread:
            return {"type": "http.request", "body": unread.pop(), "more_body": False}
        await asyncio.Event().wait()  # whoever asked stays; leaving is being cancelled
        raise AssertionError

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            parts.append(message.get("body", b""))

    await app(_scope(path, body, line), receive, send)
    return Answer(start["status"], Headers(raw=list(start["headers"])), b"".join(parts))


def _scope(path: str, body: bytes, line: Line) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [
            (b"host", b"127.0.0.1"),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"x-request-id", line.request_id.encode()),
        ],
        "client": (line.caller.address or "127.0.0.1", 0),
        "server": ("127.0.0.1", 80),
        "state": {},
        CALLER: line.caller,
        BATCH: line.batch_id,
    }
