"""Batch objects, and the states of a batch.

validating → in_progress → finalizing → completed
    ↓           ↓    ↘
  failed     expired  cancelling → cancelled
"""

from typing import Any, Final

from ossian.api.batches.schema import BatchRequest
from ossian.api.fields import JsonObject
from ossian.api.usage import response_usage_body
from ossian.harmony.events import Usage

CANCELLABLE: Final = ("validating", "in_progress")
UNFINISHED: Final = (*CANCELLABLE, "finalizing", "cancelling")
_MOMENTS: Final = (
    "in_progress_at",
    "expires_at",
    "finalizing_at",
    "completed_at",
    "failed_at",
    "expired_at",
    "cancelling_at",
    "cancelled_at",
)


def new_batch(batch_id: str, request: BatchRequest, window: str, created_at: int, expires_at: int) -> JsonObject:
    """Return a batch whose file nobody has looked at."""
    return {
        "id": batch_id,
        "object": "batch",
        "endpoint": request.endpoint,
        "model": None,
        "errors": None,
        "input_file_id": request.input_file_id,
        "completion_window": window,
        "status": "validating",
        "output_file_id": None,
        "error_file_id": None,
        "created_at": created_at,
        **dict.fromkeys(_MOMENTS),
        "expires_at": expires_at,
        "metadata": request.metadata,
        "output_expires_after": request.output_expires_after.model_dump() if request.output_expires_after else None,
    }


def moved(body: JsonObject, status: str, at: float, **fields: Any) -> JsonObject:
    """Return a batch in another state, into which it came at a time."""
    return body | {"status": status, f"{status}_at": int(at), **fields}


def with_errors(body: JsonObject, faults: list[JsonObject]) -> JsonObject:
    """Return a batch that says why it failed."""
    return body | {"errors": {"object": "list", "data": faults}}


def batch_body(body: JsonObject, num_lines: int, num_completed: int, num_failed: int, usage: Usage) -> JsonObject:
    """Return a batch as callers see it, with what was done of it."""
    counts = {"total": num_lines, "completed": num_completed, "failed": num_failed}
    shown = {name: value for name, value in body.items() if name != "output_expires_after"}
    return shown | {"request_counts": counts, "usage": response_usage_body(usage)}
