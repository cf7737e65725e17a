import inspect
import re

import pytest

from ossian import errors
from ossian.errors import (
    AuthenticationError,
    BudgetSpentError,
    ContextLengthError,
    EngineDeadError,
    EngineError,
    EngineOverloadedError,
    InvalidRequestError,
    LimitReachedError,
    ModelNotFoundError,
    NotFoundError,
    OssianError,
    PermissionDeniedError,
    RequestError,
    RequestTooLargeError,
    StorageError,
    TooManyRequestsError,
)

CLASSES = [each for _, each in inspect.getmembers(errors, inspect.isclass) if each.__module__ == errors.__name__]


def drawn_tree() -> dict[str, str]:
    """Return child: parent, read from the drawing in the module's docstring."""
    parents: dict[str, str] = {}
    branch: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"^([\s│├└─]*)(\w+Error)\b", line):
            depth, name = len(found[1]), found[2]
            branch = [each for each in branch if each[0] < depth]
            if branch:
                parents[name] = branch[-1][1]
            branch.append((depth, name))
    return parents


def test_the_drawing_is_the_tree() -> None:
    actual = {each.__name__: each.__base__.__name__ for each in CLASSES if each is not OssianError and each.__base__}
    assert drawn_tree() == actual


@pytest.mark.parametrize("error", CLASSES)
def test_every_error_says_when_it_happens(error: type[OssianError]) -> None:
    assert inspect.getdoc(error)
    assert issubclass(error, OssianError)


@pytest.mark.parametrize(
    "error, status, code, param",
    [
        (InvalidRequestError("m", param="n", code="c"), 400, "c", "n"),
        (ContextLengthError("m"), 400, "context_length_exceeded", "messages"),
        (AuthenticationError("m", code="c"), 401, "c", None),
        (PermissionDeniedError("m", code="c"), 403, "c", None),
        (ModelNotFoundError("m"), 404, "model_not_found", "model"),
        (NotFoundError("m"), 404, None, None),
        (RequestTooLargeError("m"), 413, None, None),
    ],
)
def test_request_errors_know_their_answer(error: RequestError, status: int, code: str, param: str) -> None:
    assert (error.status, error.code, error.param, error.type) == (status, code, param, "invalid_request_error")
    assert error.message == str(error) == "m"


def test_a_limit_has_a_type_of_its_own() -> None:
    error = TooManyRequestsError("Later.", code="rate_limit_exceeded")
    assert (error.status, error.code, error.type) == (429, "rate_limit_exceeded", "rate_limit_error")


def test_what_a_caller_used_up_says_when_it_may_come_back() -> None:
    limit = LimitReachedError("Later.", 7, {"x-ratelimit-limit-requests": "2"})
    assert (limit.status, limit.code, limit.type) == (429, "rate_limit_exceeded", "rate_limit_error")
    assert (limit.retry_after, limit.headers) == (7, {"x-ratelimit-limit-requests": "2"})
    budget = BudgetSpentError("Ask for more.", None)
    assert (budget.status, budget.code, budget.type) == (429, "insufficient_quota", "insufficient_quota")
    assert budget.retry_after is None


@pytest.mark.parametrize(
    "error, status, code",
    [
        (EngineError, 500, "internal_error"),
        (EngineOverloadedError, 503, "engine_overloaded"),
        (EngineDeadError, 503, "engine_dead"),
        (StorageError, 503, "database_unavailable"),
    ],
)
def test_server_errors_know_their_answer(error: type[EngineError | StorageError], status: int, code: str) -> None:
    assert (error.status, error.code, error.type) == (status, code, "server_error")
