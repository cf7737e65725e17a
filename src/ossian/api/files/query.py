"""What a list of files is asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ossian.api.files.file import PURPOSES
from ossian.api.responses.pages import PageQuery, page_query
from ossian.errors import InvalidRequestError

MAX_LIMIT: Final = 10_000


@dataclass(frozen=True, slots=True)
class FileQuery:
    """Which files are wanted: those of a purpose, or all."""

    page: PageQuery
    purpose: str | None = None


def file_query(pairs: Iterable[tuple[str, str]]) -> FileQuery:
    """Return the query in a URL's parameters; unknown ones are ignored. Raises InvalidRequestError for a wrong one."""
    pairs = list(pairs)
    page = page_query(pairs, max_limit=MAX_LIMIT, default_limit=MAX_LIMIT)
    purpose = dict(pairs).get("purpose") or None
    if purpose is not None and purpose not in PURPOSES:
        purposes = ", ".join(f"'{each}'" for each in PURPOSES)
        message = f"Invalid value for 'purpose': expected one of {purposes}, but got '{purpose[:80]}'."
        raise InvalidRequestError(message, param="purpose", code="invalid_value")
    return FileQuery(page, purpose)
