"""What `GET /v1/organization/usage/completions` and `GET /v1/organization/costs` are asked, and the pages they answer.

A page is a list of buckets, each an hour, a day, a week or a month of UTC; a bucket without requests has no results.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ossian.api.fields import JsonObject
from ossian.api.organization.query import MAX_TIME, Query, invalid, missing, quoted

WIDTHS: Final = ("1h", "1d", "1w", "1mo")  # 1w and 1mo are ours
_PAGE: Final = "page_"
_NUM_BUCKETS: Final = {"1h": (24, 168), "1d": (7, 180), "1w": (5, 53), "1mo": (12, 36)}  # by default, at most


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the reports: the name of its results, and by what they can be grouped and filtered."""

    name: str
    groups: Mapping[str, str]  # the parameter's value -> the field of a usage record
    filters: Mapping[str, str]  # the parameter -> the field of a usage record

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters of the query."""
        return ("start_time", "end_time", "bucket_width", "group_by", "limit", "page", *self.filters)


USAGE: Final = Kind(
    "organization.usage.completions.result",
    {"project_id": "project_id", "api_key_id": "key_id", "model": "model"},
    {"project_ids": "project_id", "api_key_ids": "key_id", "models": "model"},
)
COSTS: Final = Kind(
    "organization.costs.result",
    {"project_id": "project_id", "api_key_id": "key_id", "line_item": "model"},
    {"project_ids": "project_id", "api_key_ids": "key_id", "line_items": "model"},
)


@dataclass(frozen=True, slots=True)
class UsageQuery:
    """What is asked of a report. `starts_at` is where its page begins; `ends_at` is None where the query has no end."""

    starts_at: int
    ends_at: int | None
    width: str
    num_buckets: int
    groups: tuple[str, ...]
    filters: Mapping[str, tuple[str, ...]]


def usage_query(kind: Kind, pairs: Iterable[tuple[str, str]], *, ignore_unknown: bool = False) -> UsageQuery:
    """Return the query in an address. Raises InvalidRequestError, which names the first offending parameter."""
    query = Query(pairs, kind.parameters, ignore_unknown=ignore_unknown)
    starts_at = query.time("start_time")
    if starts_at is None:
        raise missing("start_time", "the time of the first bucket in seconds since 1970")
    ends_at = query.time("end_time")
    if ends_at is not None and ends_at <= starts_at:
        raise invalid("end_time", "a time after 'start_time'", str(ends_at))
    width = query.text("bucket_width") or "1d"
    if width not in WIDTHS:
        raise invalid("bucket_width", f"one of {quoted(WIDTHS)}", width)
    default, highest = _NUM_BUCKETS[width]
    limit = query.number("limit", 1, highest)
    page = _page(query.text("page"), starts_at, MAX_TIME if ends_at is None else ends_at)
    filters = {field: query.texts(name) for name, field in kind.filters.items()}
    return UsageQuery(
        starts_at if page is None else page,
        ends_at,
        width,
        default if limit is None else limit,
        query.choices("group_by", kind.groups),
        {field: values for field, values in filters.items() if values},
    )


def page_body(buckets: list[JsonObject], next_start: int | None) -> JsonObject:
    """Return a page; `next_start` is where the next one begins, None when this is the last."""
    next_page = None if next_start is None else f"{_PAGE}{next_start}"
    return {"object": "page", "data": buckets, "has_more": next_page is not None, "next_page": next_page}


def bucket_body(starts_at: int, ends_at: int, results: list[JsonObject]) -> JsonObject:
    """Return one bucket; its times are in seconds since 1970, and its end is no part of it."""
    return {"object": "bucket", "start_time": starts_at, "end_time": ends_at, "results": results}


def _page(text: str | None, lowest: int, highest: int) -> int | None:
    if text is None:
        return None
    digits = text.removeprefix(_PAGE)
    is_page = text.startswith(_PAGE) and digits.isascii() and digits.isdigit() and len(digits) <= len(str(MAX_TIME))
    if not is_page or not lowest <= int(digits) < highest:
        raise invalid("page", "the 'next_page' of an answer to the same query", text)
    return int(digits)
