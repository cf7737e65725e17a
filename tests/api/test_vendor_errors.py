from typing import Any

import pytest

from ossian.api.errors import error_answer, error_body
from ossian.api.vendor_errors import FailedRequest, Vendor, stream_status, vendor_error
from ossian.errors import BudgetSpentError, EngineDeadError, EngineOverloadedError, InvalidRequestError, StorageError

REQUEST = FailedRequest("req_1", "/v1/chat/completions", 1_763_680_000.5)
ERROR: dict[str, Any] = error_body("'n' is wrong.", param="n", code="invalid_value")["error"]

BODIES: dict[Vendor, dict[str, Any]] = {
    Vendor.OPENAI: {
        "error": {"message": "'n' is wrong.", "type": "invalid_request_error", "param": "n", "code": "invalid_value"}
    },
    Vendor.OVHCLOUD: {"message": "'n' is wrong.", "request_id": "req_1"},
    Vendor.AIMLAPI: {
        "message": "'n' is wrong.",
        "path": "/v1/chat/completions",
        "requestId": "req_1",
        "statusCode": 400,
        "timestamp": "2025-11-20T23:06:40.500Z",
    },
    Vendor.AZION: {"error": {"message": "'n' is wrong.", "type": "BadRequestError", "param": "n", "code": 400}},
    Vendor.E2E: {"error": {"message": "'n' is wrong.", "type": "BadRequestError", "param": "n", "code": 400}},
}


@pytest.mark.parametrize("vendor", Vendor)
def test_the_error_body_of_each_service(vendor: Vendor) -> None:
    assert vendor_error(vendor, 400, ERROR, REQUEST) == (400, BODIES[vendor])


@pytest.mark.parametrize(
    "status, kind",
    [(400, "BadRequestError"), (401, "Unauthorized"), (404, "NotFoundError"), (429, "Too Many Requests")],
)
def test_vllm_names_statuses(status: int, kind: str) -> None:
    assert vendor_error(Vendor.AZION, status, ERROR, REQUEST)[1]["error"]["type"] == kind


def test_who_has_no_money_left_gets_403_in_the_words_of_aimlapi() -> None:
    status, body = error_answer(BudgetSpentError("Spent.", None))
    assert status == 429
    assert vendor_error(Vendor.AIMLAPI, status, body["error"], REQUEST)[0] == 403
    assert vendor_error(Vendor.AIMLAPI, status, body["error"], REQUEST)[1]["statusCode"] == 403
    assert vendor_error(Vendor.OVHCLOUD, status, body["error"], REQUEST)[0] == 429


@pytest.mark.parametrize(
    "error", [EngineDeadError("a"), EngineOverloadedError("a"), StorageError("a"), RuntimeError("a")], ids=repr
)
def test_an_error_in_a_stream_has_the_status_it_would_have_had_before(error: Exception) -> None:
    status, body = error_answer(error)
    assert stream_status(body["error"]) == status


def test_the_error_itself_is_not_changed() -> None:
    before = dict(ERROR)
    vendor_error(Vendor.AZION, 400, ERROR, REQUEST)
    assert before == ERROR
    assert error_answer(InvalidRequestError("a"))[1] == error_body("a")
