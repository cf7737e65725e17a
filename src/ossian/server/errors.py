"""Every error leaves as OpenAI's error object, whoever raised it."""

from collections.abc import Mapping

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from ossian.api.errors import error_answer, error_body
from ossian.api.fields import JsonObject
from ossian.errors import (
    AuthenticationError,
    BudgetSpentError,
    EngineOverloadedError,
    LimitReachedError,
    OssianError,
    StorageError,
    TooManyRequestsError,
)

CLIENT_LEFT = 499  # nginx's number for it; no client ever sees it
RETRY_AFTER_SECONDS = 1  # the waiting queue moves with every finished request
MAX_RETRY_SECONDS = 60  # clients do not wait for longer, they try again after a second or two

log = structlog.get_logger()


class JsonResponse(Response):
    """A JSON answer."""

    media_type = "application/json"

    def __init__(
        self, body: JsonObject | list[JsonObject], status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(orjson.dumps(body), status, headers)


def error_response(error: Exception) -> Response:
    """Return the answer to a request that failed. Anything but Ossian's own exceptions is an internal error."""
    status, body = error_answer(error)
    return JsonResponse(body, status, error_headers(error))


def error_headers(error: Exception) -> dict[str, str]:
    """Return what tells a client how to get in, or when to try again if it shall.

    OpenAI's clients look at `x-should-retry` first.
    """
    if isinstance(error, LimitReachedError | BudgetSpentError):
        headers = dict(error.headers) if isinstance(error, LimitReachedError) else {}
        if error.retry_after is not None:
            headers["retry-after"] = str(error.retry_after)
        if error.retry_after is None or error.retry_after > MAX_RETRY_SECONDS:
            headers["x-should-retry"] = "false"
        return headers
    if isinstance(error, AuthenticationError):
        return {"www-authenticate": "Bearer" if error.code == "missing_api_key" else 'Bearer error="invalid_token"'}
    is_passing = isinstance(error, EngineOverloadedError | StorageError | TooManyRequestsError)
    return {"retry-after": str(RETRY_AFTER_SECONDS)} if is_passing else {}


def refusal(status: int, message: str, code: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer to a request that was turned away before anybody looked at its body."""
    return JsonResponse(error_body(message, code=code), status, headers)


def add_error_handlers(app: FastAPI) -> None:
    """Answer Ossian's exceptions and the framework's own."""
    app.add_exception_handler(OssianError, _ossian_error)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(ClientDisconnect, _client_left)


def _ossian_error(_request: Request, error: Exception) -> Response:
    return error_response(error)


def _http_exception(request: Request, error: Exception) -> Response:
    """The framework raises these when no route takes the request."""
    assert isinstance(error, HTTPException)
    method, path = request.scope["method"], request.url.path[:200]
    headers = dict(error.headers or {})
    if error.status_code == 404:
        return refusal(404, f"Unknown request URL: {method} {path}. See /docs for what there is.", "unknown_url")
    if error.status_code == 405:
        allowed = headers.get("Allow", "another method")
        return refusal(405, f"{path} does not take {method}; use {allowed}.", "method_not_allowed", headers)
    return refusal(error.status_code, str(error.detail), "http_error", headers)


def _client_left(_request: Request, _error: Exception) -> Response:
    return Response(status_code=CLIENT_LEFT)  # nobody reads it; the access log and the metrics do
