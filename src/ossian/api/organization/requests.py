"""The requests behind the usage reports, one by one: as objects of a list, and as lines of a CSV file."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from ossian.api.fields import JsonObject
from ossian.api.money import plain
from ossian.api.organization.lists import DEFAULT_LIMIT, MAX_LIMIT
from ossian.api.organization.query import Order, Query
from ossian.api.organization.usage import USAGE, span, usage_filter
from ossian.storage.account_records import StoredUsage, UsageFilter

COLUMNS: Final = (
    "request_id",
    "started_at",
    "project_id",
    "api_key_id",
    "batch_id",
    "endpoint",
    "model_asked",
    "model",
    "status",
    "outcome",
    "input_tokens",
    "input_cached_tokens",
    "output_tokens",
    "output_reasoning_tokens",
    "time_to_first_token",
    "duration",
    "cost",
)
PARAMETERS: Final = ("start_time", "end_time", *USAGE.filters)
LIST_PARAMETERS: Final = (*PARAMETERS, "after", "limit", "order")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheets take for the beginning of one


@dataclass(frozen=True, slots=True)
class RequestsQuery:
    """Which requests are wanted: those that began in [starts_at, ends_at), without an end until now.

    Of them `limit` that follow the one named `after`.
    """

    starts_at: int
    ends_at: int | None
    wanted: UsageFilter
    after: str | None = None
    limit: int = DEFAULT_LIMIT
    order: Order = "asc"


def requests_query(pairs: Iterable[tuple[str, str]], *, ignore_unknown: bool = False) -> RequestsQuery:
    """Return what a list is asked. Raises InvalidRequestError, which names the first offending parameter."""
    query = Query(pairs, LIST_PARAMETERS, ignore_unknown=ignore_unknown)
    limit = query.number("limit", 1, MAX_LIMIT)
    return RequestsQuery(
        *span(query),
        usage_filter(query, USAGE.filters),
        query.text("after"),
        DEFAULT_LIMIT if limit is None else limit,
        query.order("asc"),
    )


def export_query(pairs: Iterable[tuple[str, str]], *, ignore_unknown: bool = False) -> RequestsQuery:
    """Return what a file is asked: it has no pages. Raises InvalidRequestError, as `requests_query` does."""
    query = Query(pairs, PARAMETERS, ignore_unknown=ignore_unknown)
    return RequestsQuery(*span(query), usage_filter(query, USAGE.filters))


def request_body(usage: StoredUsage) -> JsonObject:
    """Return one request. Its time is in seconds since 1970, spans are in seconds; `cost` is text, exact."""
    values = _values(usage)
    return {"id": usage.id, "object": "organization.usage.request", **values, "started_at": usage.started_at}


def csv_head() -> str:
    """Return the line with the names of the columns."""
    return _line(COLUMNS)


def csv_lines(records: Iterable[StoredUsage]) -> str:
    """Return a line for each request. Its time is in ISO 8601, of UTC."""
    return "".join(csv_line(_values(usage).values()) for usage in records)


def csv_line(values: Iterable[Any]) -> str:
    """Return a line of any values; texts that spreadsheets would run as formulas are quoted."""
    return _line(map(_cell, values))


def _values(usage: StoredUsage) -> dict[str, Any]:
    values = (
        usage.request_id,
        datetime.fromtimestamp(usage.started_at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        usage.project_id,
        usage.key_id,
        usage.batch_id,
        usage.endpoint,
        usage.model_asked,
        usage.model,
        usage.status,
        usage.outcome,
        usage.num_prompt_tokens,
        usage.num_cached_tokens,
        usage.num_completion_tokens,
        usage.num_reasoning_tokens,
        None if usage.time_to_first_token is None else round(usage.time_to_first_token, 6),
        round(usage.duration, 6),
        plain(usage.cost),
    )
    return dict(zip(COLUMNS, values, strict=True))


def _cell(value: Any) -> Any:
    """Keep texts of callers from being run as formulas where the file is opened."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _line(cells: Iterable[Any]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
