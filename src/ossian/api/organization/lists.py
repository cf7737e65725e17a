"""What lists of projects, keys and rate limits are asked: one page of objects after another, by time of creation."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ossian.api.organization.query import Order, Query

PARAMETERS: Final = ("after", "limit", "order")
MAX_LIMIT: Final = 100
DEFAULT_LIMIT: Final = 20


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Which part of a list is wanted: `limit` objects after the one named `after`; `includes` has the named extras."""

    after: str | None = None
    limit: int = DEFAULT_LIMIT
    order: Order = "asc"
    includes: frozenset[str] = frozenset()


def list_query(
    pairs: Iterable[tuple[str, str]], *switches: str, default_limit: int = DEFAULT_LIMIT, ignore_unknown: bool = False
) -> ListQuery:
    """Return the query in an address. `switches` are parameters like `include_archived`, off unless they are true.

    Raises InvalidRequestError, which names the first offending parameter.
    """
    query = Query(pairs, (*PARAMETERS, *switches), ignore_unknown=ignore_unknown)
    limit = query.number("limit", 1, MAX_LIMIT)
    includes = frozenset(name for name in switches if query.boolean(name))
    return ListQuery(query.text("after"), default_limit if limit is None else limit, query.order("asc"), includes)
