import json

import pytest

from ossian.errors import EngineDeadError, EngineOverloadedError, InvalidRequestError
from ossian.server.errors import RETRY_AFTER_SECONDS, JsonResponse, error_response, refusal


@pytest.mark.parametrize(
    "error, status, has_retry_after",
    [
        (InvalidRequestError("No."), 400, False),
        (EngineOverloadedError("No."), 503, True),
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
