from openai.types import Batch

from ossian.api.batches.batch import CANCELLABLE, UNFINISHED, batch_body, moved, new_batch, with_errors
from ossian.api.batches.input_check import fault
from ossian.api.batches.schema import BatchRequest
from ossian.harmony.events import Usage

REQUEST = BatchRequest.model_validate(
    {"input_file_id": "file-1", "endpoint": "/v1/responses", "metadata": {"team": "demo"}}
)
NEW = new_batch("batch_1", REQUEST, "24h", 1000, 87_400)


def test_a_new_batch() -> None:
    assert batch_body(NEW, 0, 0, 0, Usage()) == {
        "id": "batch_1",
        "object": "batch",
        "endpoint": "/v1/responses",
        "model": None,
        "errors": None,
        "input_file_id": "file-1",
        "completion_window": "24h",
        "status": "validating",
        "output_file_id": None,
        "error_file_id": None,
        "created_at": 1000,
        "in_progress_at": None,
        "expires_at": 87_400,
        "finalizing_at": None,
        "completed_at": None,
        "failed_at": None,
        "expired_at": None,
        "cancelling_at": None,
        "cancelled_at": None,
        "metadata": {"team": "demo"},
        "request_counts": {"total": 0, "completed": 0, "failed": 0},
        "usage": {
            "input_tokens": 0,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 0,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 0,
        },
    }


def test_it_is_what_the_openai_sdk_takes_for_a_batch() -> None:
    for status in (*UNFINISHED, "completed", "failed", "expired", "cancelled"):
        body = batch_body(moved(NEW, status, 2000.9), 5, 3, 2, Usage(num_prompt_tokens=7))
        batch = Batch.model_validate(body, strict=True)
        assert batch.status == status
        if status != "validating":
            assert getattr(batch, f"{status}_at") == 2000


def test_moving_keeps_the_rest() -> None:
    body = moved(NEW, "completed", 2000, output_file_id="file-2")
    changed = {name for name in NEW if NEW[name] != body[name]}
    assert changed == {"status", "completed_at", "output_file_id"}


def test_errors_are_a_list() -> None:
    body = with_errors(NEW, [fault("invalid_json_line", "No.", None, 3)])
    assert body["errors"] == {
        "object": "list",
        "data": [{"code": "invalid_json_line", "message": "No.", "param": None, "line": 3}],
    }


def test_what_can_be_cancelled_is_unfinished() -> None:
    assert set(CANCELLABLE) < set(UNFINISHED)
