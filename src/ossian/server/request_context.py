"""The outermost middleware: every request has an id, one log line, its metrics, and an answer.

So has every WebSocket connection, and every turn on one.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ossian.server.access import log_fields
from ossian.server.errors import CLIENT_LEFT, error_response
from ossian.server.metering import Meter
from ossian.server.observability import Metrics
from ossian.server.parts import new_id

SWITCHED = 101  # the status of a request that became a WebSocket connection
FAILED = 1011  # how such a connection is closed when we are to blame

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")

log = structlog.get_logger()


@dataclass(slots=True)
class RequestRecord:
    """What is known of a request when it is over. Routes fill in the model and what to warn of.

    `status` is the HTTP status, 0 before there is one. A stream that ends badly after its 200 changes it.
    `num_turns` is for WebSocket connections. `began` is on the clock of `perf_counter`. A `meter` is there once a model
    is used.
    """

    request_id: str
    model: str = ""
    warning: str | None = None
    status: int = 0
    num_turns: int = 0
    began: float = field(default_factory=perf_counter)
    meter: Meter | None = None

    async def close_meter(self) -> None:
        """Say that the request has ended, unless something goes on that still counts. No answer fails for that."""
        if self.meter is None or self.meter.outlives_request:
            return
        try:
            await self.meter.close(self.status or CLIENT_LEFT)
        except Exception:
            log.exception("request could not be accounted for", request_id=self.request_id)


def record_of(scope: Scope) -> RequestRecord:
    """Return the record of the request being served."""
    record: RequestRecord = scope["ossian.record"]
    return record


class RequestContext:
    """Gives each request its record, and reports it. Also makes `HEAD` a `GET` and forgives a trailing slash."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or one WebSocket connection."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        record = RequestRecord(_request_id(scope))
        scope = _as_routed(scope, record)
        gauge = self.metrics.connections if scope["type"] == "websocket" else self.metrics.in_progress
        with gauge.track_inprogress():
            try:
                await self.app(scope, receive, _tagged(send, record))
            finally:
                self._report(scope, record, perf_counter() - record.began)
                await record.close_meter()

    def _report(self, scope: Scope, record: RequestRecord, seconds: float) -> None:
        if record.status == SWITCHED:
            log.info(
                "connection",
                request_id=record.request_id,
                path=scope["path"],
                seconds=round(seconds, 1),
                turns=record.num_turns,
                **log_fields(scope),
            )
        else:
            route = getattr(scope.get("route"), "path", "none")
            _report(self.metrics, scope, route, scope["method"], seconds)


class UnforeseenErrors:
    """Answers even when the application fails; its exception is for the log alone.

    It is inside of what lets web pages in, so that they can read its answer.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or one WebSocket connection."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        record = record_of(scope)
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            log.exception("request failed", request_id=record.request_id)
            if record.status == SWITCHED:
                await send({"type": "websocket.close", "code": FAILED})
            elif not record.status:
                await error_response(error)(scope, receive, send)


@asynccontextmanager
async def turn_on(connection: Scope, metrics: Metrics) -> AsyncIterator[Scope]:
    """Give a turn on a WebSocket connection a scope with a record of its own, and report it as a request."""
    whole = record_of(connection)
    whole.num_turns += 1
    record = RequestRecord(f"{whole.request_id}.{whole.num_turns}")
    scope = {**connection, "ossian.record": record}
    with metrics.in_progress.track_inprogress():
        try:
            yield scope
        finally:
            route = f"{scope['path']} (websocket)"
            _report(metrics, scope, route, "WEBSOCKET", perf_counter() - record.began)
            await record.close_meter()


def _report(metrics: Metrics, scope: Scope, route: str, method: str, seconds: float) -> None:
    record = record_of(scope)
    status = record.status or CLIENT_LEFT
    metrics.observe_request(route, status, record.model, seconds)
    log.info(
        "request",
        request_id=record.request_id,
        method=method,
        path=scope["path"],
        status=status,
        milliseconds=round(seconds * 1000, 1),
        model=record.model or None,
        **log_fields(scope),
    )


def _request_id(scope: Scope) -> str:
    """Take over the caller's request id when it is harmless."""
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else new_id("req_")


def _as_routed(scope: Scope, record: RequestRecord) -> Scope:
    path = scope["path"].rstrip("/") or "/"
    method = scope.get("method", "WEBSOCKET")
    method = "GET" if method == "HEAD" else method  # the server leaves a HEAD answer's body out
    return {**scope, "path": path, "method": method, "ossian.record": record}


def _tagged(send: Send, record: RequestRecord) -> Send:
    """Add the headers that every answer has. Whoever has read all of an answer finds it settled."""

    async def tagged(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start", "websocket.accept"):
            record.status = message.get("status", SWITCHED)
            message.setdefault("headers", [])
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = record.request_id
            if record.warning:
                headers["x-warning"] = record.warning.encode("ascii", "backslashreplace").decode()
            for name, value in record.meter.headers.items() if record.meter else ():
                headers.setdefault(name, value)
        elif message["type"] == "http.response.body" and not message.get("more_body", False):
            await record.close_meter()
        await send(message)

    return tagged
