"""What `GET /v1/responses/{id}` takes in its query."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ossian.api.responses.pages import included
from ossian.errors import InvalidRequestError

PARAMETERS: Final = ("stream", "starting_after", "include")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_NONE_YET = -1


@dataclass(frozen=True)
class RetrievalQuery:
    """How a stored response is wanted: whole, or as a stream of the events after number `starting_after`."""

    stream: bool = False
    starting_after: int = _NONE_YET
    include: frozenset[str] = frozenset()


def retrieval_query(pairs: Iterable[tuple[str, str]]) -> RetrievalQuery:
    """Return the query in a URL's parameters. Raises InvalidRequestError for a wrong one."""
    pairs = list(pairs)
    given = dict(pairs)
    stream = _boolean("stream", given.get("stream", "false"))
    if "starting_after" in given and not stream:
        message = "'starting_after' needs 'stream' to be true."
        raise InvalidRequestError(message, param="starting_after", code="invalid_value")
    return RetrievalQuery(stream, _number("starting_after", given.get("starting_after")), included(pairs))


def _boolean(name: str, text: str) -> bool:
    if text.lower() not in _BOOLEANS:
        raise _invalid(name, "true or false", text)
    return _BOOLEANS[text.lower()]


def _number(name: str, text: str | None) -> int:
    if text is None:
        return _NONE_YET
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise _invalid(name, "the sequence_number of an event, from 0", text)
    return int(text)


def _invalid(name: str, expected: str, text: str) -> InvalidRequestError:
    message = f"Invalid value for '{name}': expected {expected}, but got '{text[:80]}'."
    return InvalidRequestError(message, param=name, code="invalid_value")
