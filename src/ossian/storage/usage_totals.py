"""What many requests used together, by period and group: summed by the database, months put together from days."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Connection, Row, case, func, literal, select, type_coerce

from ossian.storage.account_records import UsageFilter, UsageGroup, UsagePeriod, UsageTotal
from ossian.storage.account_tables import usage
from ossian.storage.amounts import amount_of, sum_of, sums_of_cost
from ossian.storage.columns import MICROSECONDS
from ossian.storage.usage_rows import DAY, is_meant

FAILED: Final = "failed"  # the outcome of a request that nothing is charged for
GROUPS: Final[tuple[UsageGroup, ...]] = ("project_id", "key_id", "model", "endpoint")

_WIDTHS: Final = {"minute": 60, "hour": 3600, "day": DAY, "week": 7 * DAY, "month": DAY}
_MONDAY: Final = 4 * DAY  # the first since 1970; other periods began with it
_TOKENS: Final = ("num_prompt_tokens", "num_cached_tokens", "num_completion_tokens", "num_reasoning_tokens")


def totals(
    sql: Connection,
    start: float,
    end: float,
    period: UsagePeriod | None,
    group_by: Sequence[UsageGroup],
    wanted: UsageFilter,
) -> list[UsageTotal]:
    """Read the sums, by start and group. Without a period there is one, which begins at `start`."""
    begun = literal(int(start)) if period is None else _start_of(period)
    groups = [usage.c[name] for name in GROUPS if name in group_by]
    sums = select(begun.label("start"), *groups, *_sums()).where(is_meant(start, end, wanted))
    found = [_total(row, group_by) for row in sql.execute(sums.group_by("start", *groups))]
    return _by_month(found) if period == "month" else sorted(found, key=_place)


def _start_of(period: UsagePeriod) -> ColumnElement[int]:
    """When the period of a request began, of a month the day."""
    time, width = type_coerce(usage.c.started_at, BigInteger), _WIDTHS[period] * MICROSECONDS
    since_monday = time - _MONDAY * MICROSECONDS + 7 * DAY * MICROSECONDS  # positive, as its modulus is to be
    return (time - since_monday % width) // MICROSECONDS


def _sums() -> list[ColumnElement[Any]]:
    return [
        func.count().label("num_requests"),
        sum_of(case((usage.c.outcome == FAILED, 1), else_=0)).label("num_failed_requests"),
        *(sum_of(usage.c[name]).label(name) for name in _TOKENS),
        sum_of(usage.c.duration).label("duration"),
        *sums_of_cost(usage.c.cost),
    ]


def _total(row: Row[Any], group_by: Sequence[UsageGroup]) -> UsageTotal:
    values = row._mapping
    counted = {name: int(values[name]) for name in ("start", "num_requests", "num_failed_requests", *_TOKENS)}
    fields: dict[str, Any] = {name: values[name] for name in GROUPS if name in group_by} | counted
    return UsageTotal(duration=values["duration"], cost=amount_of(values["thousandths"], values["rest"]), **fields)


def _by_month(days: list[UsageTotal]) -> list[UsageTotal]:
    months: dict[Any, UsageTotal] = {}
    for day in days:
        part = replace(day, start=_first_of_month(day.start))
        place = _place(part)
        months[place] = _sum(months[place], part) if place in months else part
    return [months[place] for place in sorted(months)]


def _sum(total: UsageTotal, part: UsageTotal) -> UsageTotal:
    first, second = asdict(total), asdict(part)
    counted = first.keys() - {"start", *GROUPS}
    return replace(total, **{name: first[name] + second[name] for name in counted})


def _first_of_month(time: int) -> int:
    return int(datetime.fromtimestamp(time, UTC).replace(day=1).timestamp())


def _place(total: UsageTotal) -> tuple[int, tuple[str, ...]]:
    return total.start, tuple(getattr(total, name) or "" for name in GROUPS)
