"""OpenAI's error object: message, type, param and code, all four always there."""

from ossian.api.fields import JsonObject
from ossian.errors import EngineError, RequestError, StorageError

INTERNAL_ERROR = "The server had an error while processing your request. Its log has the details under the request id."


def error_body(
    message: str, *, kind: str = "invalid_request_error", param: str | None = None, code: str | None = None
) -> JsonObject:
    """Return the body of an error answer, which is also the data of an error event in a stream."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def error_answer(error: Exception) -> tuple[int, JsonObject]:
    """Return the HTTP status and body for an exception; only Ossian's own say what happened."""
    if isinstance(error, RequestError):
        return error.status, error_body(error.message, kind=error.type, param=error.param, code=error.code)
    if isinstance(error, EngineError | StorageError):
        return error.status, error_body(str(error), kind=error.type, code=error.code)
    return 500, error_body(INTERNAL_ERROR, kind="server_error", code="internal_error")
