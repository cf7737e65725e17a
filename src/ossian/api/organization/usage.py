"""What `GET /v1/organization/usage/completions` and `GET /v1/organization/costs` are asked, and the pages they answer.

A page is a list of buckets, each a minute, an hour, a day, a week or a month of UTC. One without requests has no
results.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ossian.api.fields import JsonObject
from ossian.api.money import plain
from ossian.api.organization.query import MAX_TIME, Query, invalid, missing, quoted
from ossian.storage.account_records import UsageFilter, UsageGroup, UsagePeriod, UsageTotal

WIDTHS: Final[Mapping[str, UsagePeriod]] = {  # 1w and 1mo are ours
    "1m": "minute",
    "1h": "hour",
    "1d": "day",
    "1w": "week",
    "1mo": "month",
}
_NUM_BUCKETS: Final = {"1m": (60, 1440), "1h": (24, 168), "1d": (7, 180), "1w": (5, 53), "1mo": (12, 36)}
_PAGE: Final = "page_"
_FILTERS: Final = {"project_ids": "project_ids", "api_key_ids": "key_ids", "endpoints": "endpoints"}


REQUIRED: Final = ("start_time",)


@dataclass(frozen=True, slots=True)
class Report:
    """One of the two reports: by what its results can be grouped and filtered."""

    groups: Mapping[str, UsageGroup]  # by the values of `group_by`
    filters: Mapping[str, str]  # by parameters: fields of UsageFilter

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters of the query."""
        return ("start_time", "end_time", "bucket_width", "group_by", "limit", "page", *self.filters)


_GROUPS: Final[Mapping[str, UsageGroup]] = {"project_id": "project_id", "api_key_id": "key_id", "endpoint": "endpoint"}
USAGE: Final = Report({**_GROUPS, "model": "model"}, {**_FILTERS, "models": "models"})
COSTS: Final = Report({**_GROUPS, "line_item": "model"}, {**_FILTERS, "line_items": "models"})


@dataclass(frozen=True, slots=True)
class UsageQuery:
    """What is asked of a report. `starts_at` is where its page begins; `ends_at` is None where the query has no end."""

    starts_at: int
    ends_at: int | None
    period: UsagePeriod
    num_buckets: int
    groups: tuple[UsageGroup, ...]
    wanted: UsageFilter


def usage_query(report: Report, pairs: Iterable[tuple[str, str]], *, ignore_unknown: bool = False) -> UsageQuery:
    """Return the query in an address. Raises InvalidRequestError, which names the first offending parameter."""
    query = Query(pairs, report.parameters, ignore_unknown=ignore_unknown)
    starts_at, ends_at = span(query)
    width = query.text("bucket_width") or "1d"
    if width not in WIDTHS:
        raise invalid("bucket_width", f"one of {quoted(WIDTHS)}", width)
    default, highest = _NUM_BUCKETS[width]
    limit = query.number("limit", 1, highest)
    page = _page(query.text("page"), starts_at, MAX_TIME if ends_at is None else ends_at)
    return UsageQuery(
        starts_at if page is None else page,
        ends_at,
        WIDTHS[width],
        default if limit is None else limit,
        tuple(report.groups[name] for name in query.choices("group_by", report.groups)),
        usage_filter(query, report.filters),
    )


def span(query: Query) -> tuple[int, int | None]:
    """Return `start_time`, which must be there, and `end_time`. Raises InvalidRequestError, which names either."""
    starts_at, ends_at = query.time("start_time"), query.time("end_time")
    if starts_at is None:
        raise missing("start_time", "when the report begins, in seconds since 1970")
    if ends_at is not None and ends_at <= starts_at:
        raise invalid("end_time", "a time after 'start_time'", str(ends_at))
    return starts_at, ends_at


def usage_filter(query: Query, filters: Mapping[str, str]) -> UsageFilter:
    """Return which requests are asked about; `filters` are the fields of the filter by their parameters' names."""
    return UsageFilter(**{field: query.texts(name) or None for name, field in filters.items()})


def page_body(buckets: list[JsonObject], next_start: int | None) -> JsonObject:
    """Return a page; `next_start` is where the next one begins, None when this is the last."""
    next_page = None if next_start is None else f"{_PAGE}{next_start}"
    return {"object": "page", "data": buckets, "has_more": next_page is not None, "next_page": next_page}


def bucket_body(starts_at: int, ends_at: int, results: list[JsonObject]) -> JsonObject:
    """Return one bucket; its times are in seconds since 1970, and its end is no part of it."""
    return {"object": "bucket", "start_time": starts_at, "end_time": ends_at, "results": results}


def completions_result(total: UsageTotal) -> JsonObject:
    """Return what the requests of a bucket used; what they are not grouped by is null."""
    return {
        "object": "organization.usage.completions.result",
        "input_tokens": total.num_prompt_tokens,
        "input_cached_tokens": total.num_cached_tokens,
        "input_uncached_tokens": total.num_prompt_tokens - total.num_cached_tokens,
        "input_audio_tokens": 0,
        "output_tokens": total.num_completion_tokens,
        "output_reasoning_tokens": total.num_reasoning_tokens,
        "output_audio_tokens": 0,
        "num_model_requests": total.num_requests,
        "num_failed_requests": total.num_failed_requests,
        **_owners(total),
        "model": total.model,
        "batch": None,
        "service_tier": None,
    }


def costs_result(total: UsageTotal, currency: str) -> JsonObject:
    """Return what the requests of a bucket cost. A line item is a model; `exact` is the value that JSON may round."""
    return {
        "object": "organization.costs.result",
        "amount": {"value": float(total.cost), "currency": currency.lower(), "exact": plain(total.cost)},
        "line_item": total.model,
        "quantity": None,
        **_owners(total),
    }


def _owners(total: UsageTotal) -> JsonObject:
    return {
        "project_id": total.project_id,
        "user_id": None,
        "api_key_id": total.key_id,
        "endpoint": total.endpoint,
    }


def _page(text: str | None, lowest: int, highest: int) -> int | None:
    if text is None:
        return None
    digits = text.removeprefix(_PAGE)
    is_page = text.startswith(_PAGE) and digits.isascii() and digits.isdigit() and len(digits) <= len(str(MAX_TIME))
    if not is_page or not lowest <= int(digits) < highest:
        raise invalid("page", "the 'next_page' of an answer to the same query", text)
    return int(digits)
