"""The outermost middleware: every request has an id, one log line, its metrics, and an answer."""

import re
from dataclasses import dataclass
from time import perf_counter

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ossian.server.errors import CLIENT_LEFT, error_response
from ossian.server.observability import Metrics
from ossian.server.parts import new_id

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")

log = structlog.get_logger()


@dataclass(slots=True)
class RequestRecord:
    """What is known of a request when it is over. Routes fill in the model.

    `status` is the HTTP status, 0 before there is one. A stream that ends badly after its 200 changes it.
    """

    request_id: str
    model: str = ""
    status: int = 0


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
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        record = RequestRecord(_request_id(scope))
        scope = _as_routed(scope, record)
        started = perf_counter()
        with self.metrics.in_progress.track_inprogress():
            try:
                await self._serve(scope, receive, _tagged(send, record))
            finally:
                self._report(scope, record, perf_counter() - started)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer even when the application fails; its exception is for the log alone."""
        record = record_of(scope)
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            log.exception("request failed", request_id=record.request_id)
            if not record.status:
                await error_response(error)(scope, receive, send)

    def _report(self, scope: Scope, record: RequestRecord, seconds: float) -> None:
        status = record.status or CLIENT_LEFT
        route = getattr(scope.get("route"), "path", "none")
        self.metrics.observe_request(route, status, record.model, seconds)
        log.info(
            "request",
            request_id=record.request_id,
            method=scope["method"],
            path=scope["path"],
            status=status,
            milliseconds=round(seconds * 1000, 1),
            model=record.model or None,
        )


def _request_id(scope: Scope) -> str:
    """Take over the caller's request id when it is harmless."""
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else new_id("req_")


def _as_routed(scope: Scope, record: RequestRecord) -> Scope:
    path = scope["path"].rstrip("/") or "/"
    method = "GET" if scope["method"] == "HEAD" else scope["method"]  # the server leaves a HEAD answer's body out
    return {**scope, "path": path, "method": method, "ossian.record": record}


def _tagged(send: Send, record: RequestRecord) -> Send:
    async def tagged(message: Message) -> None:
        if message["type"] == "http.response.start":
            record.status = message["status"]
            MutableHeaders(scope=message)["x-request-id"] = record.request_id
        await send(message)

    return tagged
