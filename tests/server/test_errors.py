import asyncio
import json

import pytest
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.types import Message

from ossian.errors import (
    BudgetSpentError,
    EngineDeadError,
    EngineOverloadedError,
    InvalidRequestError,
    LimitReachedError,
    OssianError,
    StorageError,
    TooManyRequestsError,
)
from ossian.server.errors import RETRY_AFTER_SECONDS, JsonResponse, add_error_handlers, error_response, refusal


@pytest.mark.parametrize(
    "error, status, has_retry_after",
    [
        (InvalidRequestError("No."), 400, False),
        (TooManyRequestsError("No."), 429, True),
        (EngineOverloadedError("No."), 503, True),
        (StorageError("No."), 503, True),
        (EngineDeadError("No."), 503, False),
        (RuntimeError("No."), 500, False),
    ],
)
def test_only_trying_again_later_is_advised_where_it_can_help(
    error: Exception, status: int, has_retry_after: bool
) -> None:
    response = error_response(error)
    assert response.status_code == status
    assert response.headers.get("retry-after") == (str(RETRY_AFTER_SECONDS) if has_retry_after else None)


@pytest.mark.parametrize(
    "error, headers",
    [
        (LimitReachedError("No.", 17, {"x-ratelimit-limit-requests": "2"}), {"retry-after": "17"}),
        (LimitReachedError("No.", 60, {}), {"retry-after": "60"}),
        (LimitReachedError("No.", None, {}), {"x-should-retry": "false"}),
        (BudgetSpentError("No.", 60), {"retry-after": "60"}),
        (BudgetSpentError("No.", 86_400), {"retry-after": "86400", "x-should-retry": "false"}),
        (BudgetSpentError("No.", None), {"x-should-retry": "false"}),
    ],
)
def test_a_limit_says_when_to_try_again_if_clients_shall(error: OssianError, headers: dict[str, str]) -> None:
    response = error_response(error)
    assert response.status_code == 429
    names = ("retry-after", "x-should-retry")
    assert {name: response.headers[name] for name in names if name in response.headers} == headers
    if isinstance(error, LimitReachedError):
        assert error.headers.items() <= dict(response.headers).items()


def test_a_refusal_is_an_openai_error_with_headers() -> None:
    response = refusal(401, "Who are you?", "missing_api_key", {"www-authenticate": "Bearer"})
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert json.loads(bytes(response.body)) == {
        "error": {
            "message": "Who are you?",
            "type": "invalid_request_error",
            "param": None,
            "code": "missing_api_key",
        }
    }


def test_json_is_written_as_utf8() -> None:
    response = JsonResponse({"text": "€ 😀"})
    assert bytes(response.body) == '{"text":"€ 😀"}'.encode()
    assert response.headers["content-type"] == "application/json"


def test_whatever_else_the_framework_raises_is_an_openai_error() -> None:
    app = FastAPI()
    add_error_handlers(app)

    @app.get("/")
    async def teapot() -> None:
        raise HTTPException(418, "I am a teapot", {"x-brew": "tea"})

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 418
    assert (b"x-brew", b"tea") in sent[0]["headers"]
    assert json.loads(sent[1]["body"])["error"] == {
        "message": "I am a teapot",
        "type": "invalid_request_error",
        "param": None,
        "code": "http_error",
    }
