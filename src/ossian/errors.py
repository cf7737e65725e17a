"""Every exception Ossian raises on purpose.

    OssianError
    ├── ConfigurationError          the operator's settings cannot work
    ├── CheckpointError             a model's files are missing, damaged or of another kind
    ├── PackedFileError             only logged: a file of packed weights cannot be used, so it is made again
    ├── RequestError                the caller's request cannot be served as it is (HTTP 4xx)
    │   ├── InvalidRequestError     400: a field is wrong
    │   ├── ContextLengthError      400: the prompt does not fit
    │   ├── AuthenticationError     401: no key, or one that is not valid
    │   ├── PermissionDeniedError   403: the key is valid, but not for this
    │   ├── ModelNotFoundError      404: no such model
    │   ├── NotFoundError           404: no such object, or somebody else's
    │   ├── RequestTooLargeError    413: the body is over the limit
    │   ├── TooManyRequestsError    429: a limit on what one server does at once
    │   │   ├── LimitReachedError   429: a limit of the caller's project, key or address
    │   │   └── BudgetSpentError    429: the money of the caller's project or key is spent
    │   └── UnsupportedMediaTypeError   415: the body is not said to be JSON, or packed in an unknown way
    ├── StorageError                503: the database, or the counters' Redis, cannot be reached, read or written
    └── EngineError                 the engine cannot serve (HTTP 5xx)
        ├── EngineOverloadedError   503: the waiting queue is full
        ├── EngineDeadError         503: a step failed and the engine has stopped
        └── TokenMaskError          never sent: a grammar met a limit in mid-turn, so the turn ends as cut off

Messages are written for the person who can act on them and say the way out.
"""

from collections.abc import Mapping


class OssianError(Exception):
    """Base of every exception Ossian raises on purpose."""


class ConfigurationError(OssianError):
    """The settings cannot work; the message names the setting."""


class CheckpointError(OssianError):
    """A checkpoint is missing, damaged or of another architecture; the message names the file or tensor."""


class PackedFileError(OssianError):
    """A file of packed weights is damaged, of another version or not what it should be; the message says where."""


class RequestError(OssianError):
    """The caller's request cannot be served as it is.

    `param` names the offending field as a path (`messages[0].content`), `code` is OpenAI's machine-readable
    error code; either may be None.
    """

    status = 400
    type = "invalid_request_error"

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code


class InvalidRequestError(RequestError):
    """A field of the request is missing, unknown, of the wrong type or out of range."""


class ContextLengthError(RequestError):
    """The prompt, or the prompt and the requested output, do not fit the model's context."""

    def __init__(self, message: str, *, param: str | None = "messages") -> None:
        super().__init__(message, param=param, code="context_length_exceeded")


class AuthenticationError(RequestError):
    """The request has no API key, or one that is unknown, expired, revoked or disabled; `code` tells which."""

    status = 401


class PermissionDeniedError(RequestError):
    """The API key is valid, but may not do this; `code` tells why."""

    status = 403


class ModelNotFoundError(RequestError):
    """No model of that name is served here."""

    status = 404

    def __init__(self, message: str) -> None:
        super().__init__(message, param="model", code="model_not_found")


class NotFoundError(RequestError):
    """No such object: it never was, is deleted or expired, or belongs to another caller."""

    status = 404


class TooManyRequestsError(RequestError):
    """A limit on how much is done at once is reached; the message has the number, trying again later can succeed."""

    status = 429
    type = "rate_limit_error"


class LimitReachedError(TooManyRequestsError):
    """A limit of the caller's project, key or address is reached; the message has the limit and the number.

    After `retry_after` seconds another try can succeed; None when it never can. `headers` are the x-ratelimit-* values
    of the answer.
    """

    def __init__(self, message: str, retry_after: int | None, headers: Mapping[str, str]) -> None:
        super().__init__(message, code="rate_limit_exceeded")
        self.retry_after = retry_after
        self.headers = headers


class BudgetSpentError(TooManyRequestsError):
    """The budget of the caller's project or key is spent; after `retry_after` seconds it begins anew, None: never."""

    type = "insufficient_quota"

    def __init__(self, message: str, retry_after: int | None) -> None:
        super().__init__(message, code="insufficient_quota")
        self.retry_after = retry_after


class RequestTooLargeError(RequestError):
    """The request body is over the configured limit."""

    status = 413


class UnsupportedMediaTypeError(RequestError):
    """The request body is not said to be JSON, or it is compressed in a way that is not known here."""

    status = 415


class StorageError(OssianError):
    """What keeps the state, the database or the counters' Redis, cannot be reached, read or written.

    Trying again later can succeed. `reason` is what it said: for the operator, not for callers.
    """

    status = 503
    type = "server_error"
    code = "database_unavailable"

    def __init__(self, reason: str) -> None:
        super().__init__("The server's storage is not available. Try again later; the server's log says why.")
        self.reason = reason


class EngineError(OssianError):
    """The engine cannot serve this request; the request itself was well-formed."""

    status = 500
    type = "server_error"
    code = "internal_error"


class EngineOverloadedError(EngineError):
    """The waiting queue is full; trying again later can succeed."""

    status = 503
    code = "engine_overloaded"


class EngineDeadError(EngineError):
    """A step failed and the engine has stopped; the operator must restart it."""

    status = 503
    code = "engine_dead"


class TokenMaskError(EngineError):
    """A sequence's grammar met a limit in mid-turn; the engine ends the sequence as cut off."""
