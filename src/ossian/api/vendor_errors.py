"""Error bodies as hosted services write them, made from OpenAI's: for clients that look into those."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Final

from ossian.api.fields import JsonObject
from ossian.errors import EngineDeadError, EngineOverloadedError, StorageError


class Vendor(StrEnum):
    """A hosted service whose clients are understood; OpenAI's own form is everybody else's."""

    OPENAI = "openai"
    OVHCLOUD = "ovhcloud"
    AIMLAPI = "aimlapi"
    AZION = "azion"
    E2E = "e2e"


_STATUSES: Final = {(Vendor.AIMLAPI, "insufficient_quota"): 403}  # what its clients take for "no money left"
_PASSING: Final = (EngineDeadError, EngineOverloadedError, StorageError)
_STREAM_STATUSES: Final = {error.code: error.status for error in _PASSING}
_VLLM_TYPES: Final = {400: "BadRequestError", 404: "NotFoundError", 500: "InternalServerError"}


@dataclass(frozen=True, slots=True)
class FailedRequest:
    """What error bodies say besides the error. `time` is in seconds since 1970, `path` as the client wrote it."""

    request_id: str
    path: str
    time: float


def vendor_error(vendor: Vendor, status: int, error: JsonObject, request: FailedRequest) -> tuple[int, JsonObject]:
    """Return the status and body that a service's clients expect. `error` is what OpenAI's body has under `error`."""
    status = _STATUSES.get((vendor, error["code"]), status)
    match vendor:
        case Vendor.OVHCLOUD:
            return status, {"message": error["message"], "request_id": request.request_id}
        case Vendor.AIMLAPI:
            return status, _aimlapi_error(status, error, request)
        case Vendor.AZION | Vendor.E2E:
            return status, {"error": error | {"type": _vllm_type(status), "code": status}}
        case Vendor.OPENAI:
            return status, {"error": error}


def stream_status(error: JsonObject) -> int:
    """Return the status that an error in a stream would have had before it: the event itself has none."""
    return _STREAM_STATUSES.get(error["code"], 500)


def _aimlapi_error(status: int, error: JsonObject, request: FailedRequest) -> JsonObject:
    moment = datetime.fromtimestamp(request.time, UTC).isoformat(timespec="milliseconds")
    return {
        "message": error["message"],
        "path": request.path,
        "requestId": request.request_id,
        "statusCode": status,
        "timestamp": moment.replace("+00:00", "Z"),
    }


def _vllm_type(status: int) -> str:
    """Both services answer with vLLM, whose errors have the status as their code."""
    return _VLLM_TYPES.get(status) or HTTPStatus(status).phrase
