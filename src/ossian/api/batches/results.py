"""The lines of a batch's output and error files."""

from typing import Any

import orjson

from ossian.api.fields import JsonObject
from ossian.harmony.events import Usage


def answer_line(result_id: str, custom_id: str, status: int, request_id: str, body: bytes) -> bytes:
    """Return the line of a request that was answered, with a body of JSON; another body becomes null."""
    found: JsonObject = {
        "id": result_id,
        "custom_id": custom_id,
        "response": {"status_code": status, "request_id": request_id, "body": orjson.Fragment(_json_or_null(body))},
        "error": None,
    }
    return orjson.dumps(found) + b"\n"


def unmade_line(result_id: str, custom_id: str | None, code: str, message: str) -> bytes:
    """Return the line of a request that was not made."""
    error = {"code": code, "message": message}
    return orjson.dumps({"id": result_id, "custom_id": custom_id, "response": None, "error": error}) + b"\n"


def usage_in(body: bytes) -> Usage:
    """Return the token counts in an answer of any of the endpoints; no tokens where it has none."""
    try:
        usage = orjson.loads(body).get("usage") or {}
    except (orjson.JSONDecodeError, AttributeError):
        return Usage()
    details_in = usage.get("prompt_tokens_details") or usage.get("input_tokens_details")
    details_out = usage.get("completion_tokens_details") or usage.get("output_tokens_details")
    return Usage(
        num_prompt_tokens=_count(usage, "prompt_tokens", "input_tokens"),
        num_cached_tokens=_count(details_in, "cached_tokens"),
        num_completion_tokens=_count(usage, "completion_tokens", "output_tokens"),
        num_reasoning_tokens=_count(details_out, "reasoning_tokens"),
    )


def _count(counts: Any, *names: str) -> int:
    return next((int(counts[name]) for name in names if name in (counts or {})), 0)


def _json_or_null(body: bytes) -> bytes:
    """A line has no newline in it, and JSON in a string none either: one in a body is between its members."""
    if b"\n" in body:
        body = body.replace(b"\n", b" ")
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return b"null"
    return body
