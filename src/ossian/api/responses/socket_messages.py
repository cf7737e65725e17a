"""What is said on a WebSocket besides the events of a response: the messages of clients, and errors."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ossian.api.fields import JsonObject
from ossian.api.responses.schema import ResponseRequest
from ossian.api.validation import checked
from ossian.errors import InvalidRequestError

CREATE: Final = "response.create"
PROCESSED: Final = "response.processed"  # how Codex says that it has read a response; nobody waits for an answer
ENVELOPE: Final = ("type", "stream_id", "generate")  # what a request over HTTP does not have

_STREAM_ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,256}")


@dataclass(frozen=True, slots=True)
class CreateMessage:
    """A request for a response. Without `generate` nothing is generated: what it stands on is made ready for later."""

    request: ResponseRequest
    generate: bool


def lane_of(message: JsonObject) -> str | None:
    """Return the lane that a message names, if it names one that can be: every answer to it names it as well."""
    stream_id = message.get("stream_id")
    return stream_id if isinstance(stream_id, str) and _STREAM_ID.fullmatch(stream_id) else None


def create_message(message: JsonObject, *, ignore_unknown: bool = False) -> CreateMessage:
    """Return the request in a client's message. Raises InvalidRequestError, which names the offending parameter.

    The answer always streams, which `stream` may say but not deny.
    """
    _check_envelope(message)
    fields = {name: value for name, value in message.items() if name not in ENVELOPE}
    if fields.get("stream") is None:
        fields["stream"] = True
    request = checked(fields, ResponseRequest, ignore_unknown=ignore_unknown)
    return CreateMessage(request, message.get("generate") is not False and not request.is_warm_up)


def error_event(status: int, body: JsonObject, headers: Mapping[str, str]) -> JsonObject:
    """Return an error as it is said on a WebSocket; the arguments are what HTTP would answer."""
    told = {"headers": dict(headers)} if headers else {}
    return {"type": "error", "status": status, "error": body["error"] | told}


def in_lane(event: JsonObject, stream_id: str | None) -> JsonObject:
    """Return an event with the lane it belongs to, if it belongs to one."""
    return event if stream_id is None else {**event, "stream_id": stream_id}


def _check_envelope(message: JsonObject) -> None:
    """Check what is a WebSocket's own."""
    kind = message.get("type")
    if kind is None:
        raise InvalidRequestError(
            f"Missing required parameter: 'type'. Send '{CREATE}'.", param="type", code="missing_required_parameter"
        )
    if kind != CREATE:
        raise _invalid("type", f"expected '{CREATE}', the only message this server knows")
    if message.get("stream_id") is not None and lane_of(message) is None:
        raise _invalid("stream_id", "expected 1 to 256 of the characters a-z, A-Z, 0-9, '_', '.' and '-'")
    if not isinstance(message.get("generate", True), bool | None):
        raise _invalid("generate", "expected a boolean")
    if message.get("stream") is False:
        raise _unsupported("stream", "Answers always stream over a WebSocket; leave it out.")
    if message.get("background"):
        raise _unsupported("background", "Responses do not run in the background of a WebSocket; use HTTP.")


def _invalid(param: str, expected: str) -> InvalidRequestError:
    return InvalidRequestError(f"Invalid value for '{param}': {expected}.", param=param, code="invalid_value")


def _unsupported(param: str, reason: str) -> InvalidRequestError:
    message = f"Unsupported parameter: '{param}'. {reason}"
    return InvalidRequestError(message, param=param, code="unsupported_parameter")
