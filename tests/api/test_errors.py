import pytest

from ossian.api.errors import INTERNAL_ERROR, error_answer, error_body
from ossian.errors import (
    CheckpointError,
    ContextLengthError,
    EngineDeadError,
    EngineError,
    EngineOverloadedError,
    InvalidRequestError,
    ModelNotFoundError,
    RequestTooLargeError,
    StorageError,
    UnsupportedMediaTypeError,
)
from tests.api.shapes import faults

INVALID = "invalid_request_error"


@pytest.mark.parametrize(
    "error, status, kind, param, code",
    [
        (InvalidRequestError("No.", param="stop[0]", code="invalid_type"), 400, INVALID, "stop[0]", "invalid_type"),
        (InvalidRequestError("No."), 400, INVALID, None, None),
        (ContextLengthError("No."), 400, INVALID, "messages", "context_length_exceeded"),
        (ModelNotFoundError("No."), 404, INVALID, "model", "model_not_found"),
        (RequestTooLargeError("No."), 413, INVALID, None, None),
        (UnsupportedMediaTypeError("No."), 415, INVALID, None, None),
        (EngineError("No."), 500, "server_error", None, "internal_error"),
        (EngineOverloadedError("No."), 503, "server_error", None, "engine_overloaded"),
        (EngineDeadError("No."), 503, "server_error", None, "engine_dead"),
    ],
)
def test_every_exception_has_its_answer(
    error: Exception, status: int, kind: str, param: str | None, code: str | None
) -> None:
    expected = {"error": {"message": "No.", "type": kind, "param": param, "code": code}}
    assert error_answer(error) == (status, expected)


@pytest.mark.parametrize("error", [RuntimeError("secret"), CheckpointError("/home/me/secret"), KeyError("secret")])
def test_what_went_wrong_inside_stays_inside(error: Exception) -> None:
    status, body = error_answer(error)
    assert status == 500
    assert body["error"]["message"] == INTERNAL_ERROR


def test_what_a_database_said_is_not_for_callers() -> None:
    status, body = error_answer(StorageError("FATAL: password authentication failed for user ossian"))
    assert status == 503
    assert body["error"]["code"] == "database_unavailable"
    assert "Try again later" in body["error"]["message"]
    assert "FATAL" not in str(body)


def test_it_has_openais_shape() -> None:
    assert faults(error_body("No."), "ErrorResponse") == []
    assert faults(error_body("No.", kind="k", param="p", code="c"), "ErrorResponse") == []
