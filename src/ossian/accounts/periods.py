"""Hours, days, weeks and months, all of UTC: weeks begin on Monday."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum


class Period(StrEnum):
    """A part of the calendar."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def start_of(period: Period, time: float) -> int:
    """Return when the period that a time lies in began; both in seconds since 1970."""
    return _seconds(_start(period, _date(time)))


def end_of(period: Period, time: float) -> int:
    """Return when the period that a time lies in is over, which is when the next one begins."""
    start = _start(period, _date(time))
    match period:
        case Period.HOUR:
            return _seconds(start + timedelta(hours=1))
        case Period.DAY:
            return _seconds(start + timedelta(days=1))
        case Period.WEEK:
            return _seconds(start + timedelta(weeks=1))
        case Period.MONTH:
            return _seconds((start + timedelta(days=31)).replace(day=1))


def _start(period: Period, date: datetime) -> datetime:
    hour = date.replace(minute=0, second=0, microsecond=0)
    match period:
        case Period.HOUR:
            return hour
        case Period.DAY:
            return hour.replace(hour=0)
        case Period.WEEK:
            return hour.replace(hour=0) - timedelta(days=date.weekday())
        case Period.MONTH:
            return hour.replace(hour=0, day=1)


def _date(time: float) -> datetime:
    return datetime.fromtimestamp(time // 1, UTC)  # of whole seconds: a rounded fraction could reach the next period


def _seconds(date: datetime) -> int:
    return int(date.timestamp())
