"""What AI/ML API's reports are asked. It is read strictly: a misspelt filter must not be answered about everything."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from ossian.api.organization.query import MAX_TIME, Query, invalid, missing
from ossian.storage.account_records import UsagePeriod

HOUR: Final = 3600
DAY: Final = 86_400
MAX_DAYS: Final = 92
MAX_OFFSET: Final = 10_000

_PERIODS: Final = {"24h": DAY, "7d": 7 * DAY}
WINDOW_PARAMETERS: Final = ("period", "start", "end", "key_prefix")
DETAIL_PARAMETERS: Final = (*WINDOW_PARAMETERS, "group_by", "tz")
LOG_PARAMETERS: Final = (*WINDOW_PARAMETERS, "model", "status", "limit", "offset")
TRANSACTION_PARAMETERS: Final = ("from", "to", "direction", "type", "limit", "cursor")
_GROUPINGS: Final = ("day", "model", "day,model")


@dataclass(frozen=True, slots=True)
class Window:
    """The requests that a report is about: of a key, by its prefix, that began in [start, end), since 1970."""

    start: float
    end: float
    key_prefix: str | None = None


@dataclass(frozen=True, slots=True)
class DetailQuery:
    """What `/v2/usage/detail` is asked."""

    window: Window
    by_day: bool
    by_model: bool
    zone: tzinfo

    @property
    def width(self) -> UsagePeriod:
        """The sums that days of the zone are made of: hours, unless they begin within an hour of UTC."""
        edges = (datetime.fromtimestamp(time, self.zone).utcoffset() for time in (self.window.start, self.window.end))
        return "hour" if all(offset is None or offset.seconds % HOUR == 0 for offset in edges) else "minute"

    def day(self, time: float) -> date:
        """Return the day in the zone."""
        return datetime.fromtimestamp(time, self.zone).date()


@dataclass(frozen=True, slots=True)
class LogQuery:
    """What `/v2/logs` is asked."""

    window: Window
    models: tuple[str, ...]
    outcomes: tuple[str, ...] | None
    limit: int
    offset: int


@dataclass(frozen=True, slots=True)
class TransactionQuery:
    """What `/v2/billing/transactions` is asked; `wants_charges` is false when only other kinds are asked for."""

    start: float
    end: float
    wants_charges: bool
    limit: int
    cursor: str | None


Pairs = Iterable[tuple[str, str]]


def usage_query(pairs: Pairs, now: float) -> Window:
    """Return the query of `/v2/usage`. Raises InvalidRequestError, which names the first offending parameter."""
    return _window(Query(pairs, WINDOW_PARAMETERS, ignore_unknown=False), now)


def detail_query(pairs: Pairs, now: float) -> DetailQuery:
    """Return the query of `/v2/usage/detail`. Raises InvalidRequestError."""
    query = Query(pairs, DETAIL_PARAMETERS, ignore_unknown=False)
    grouping = query.text("group_by") or "day,model"
    if grouping not in _GROUPINGS:
        raise invalid("group_by", "one of 'day', 'model', 'day,model'", grouping)
    by = grouping.split(",")
    return DetailQuery(_window(query, now), "day" in by, "model" in by, _zone(query.text("tz")))


def log_query(pairs: Pairs, now: float) -> LogQuery:
    """Return the query of `/v2/logs`. Raises InvalidRequestError."""
    query = Query(pairs, LOG_PARAMETERS, ignore_unknown=False)
    status = query.text("status")
    if status not in (None, "succeeded", "failed"):
        raise invalid("status", "one of 'succeeded', 'failed'", status or "")
    outcomes = {None: None, "succeeded": ("succeeded", "aborted"), "failed": ("failed",)}[status]
    limit, offset = query.number("limit", 1, 100), query.number("offset", 0, MAX_OFFSET)
    return LogQuery(_window(query, now), query.texts("model"), outcomes, limit or 50, offset or 0)


def transaction_query(pairs: Pairs, now: float) -> TransactionQuery:
    """Return the query of `/v2/billing/transactions`. Raises InvalidRequestError."""
    query = Query(pairs, TRANSACTION_PARAMETERS, ignore_unknown=False)
    direction = query.choices("direction", ("TOPUP", "CHARGE"))
    kinds = ("PAYMENT", "BONUS", "REFUND", "ADJUSTMENT", "MODEL_USAGE", "CREDITS_EXPIRED", "INIT")
    kind = query.choices("type", kinds)
    start, end = query.text("from"), query.text("to")
    return TransactionQuery(
        _time("from", start) if start else 0.0,
        _time("to", end) if end else now,
        direction in ((), ("CHARGE",)) and (not kind or "MODEL_USAGE" in kind),
        query.number("limit", 1, 100) or 50,
        query.text("cursor"),
    )


def _zone(name: str | None) -> tzinfo:
    if name is None:
        return UTC
    if name not in available_timezones():
        raise invalid("tz", "the name of a time zone, such as 'Europe/Paris'", name)
    return ZoneInfo(name)


def _window(query: Query, now: float) -> Window:
    """Read either a period, which ends now, or a start and an end."""
    period, start, end = query.text("period"), query.text("start"), query.text("end")
    prefix = query.text("key_prefix")
    if start is None and end is None:
        if period is not None and period not in _PERIODS:
            raise invalid("period", "one of '24h', '7d'", period)
        return Window(now - _PERIODS[period or "24h"], now, prefix)
    if period is not None:
        raise invalid("period", "either 'period' or 'start' and 'end'", period)
    if start is None or end is None:
        raise missing("end" if start else "start", "since 'start' and 'end' go together")
    window = Window(_time("start", start), _time("end", end), prefix)
    if not 0 < window.end - window.start <= MAX_DAYS * DAY:
        raise invalid("end", f"a time after 'start', by at most {MAX_DAYS} days", end)
    return window


def _time(param: str, text: str) -> float:
    """Read a date or a time of ISO 8601, in UTC without a zone. At the ends of the calendar zones have no days."""
    try:
        found = datetime.fromisoformat(text.replace(" ", "+"))  # a `+` in an address is a space
        time = (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        time = -1
    if not 0 <= time <= MAX_TIME:
        raise invalid(param, "a time since 1970 such as '2026-01-31T12:00:00Z'", text)
    return time
