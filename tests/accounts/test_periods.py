import calendar
import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.accounts.periods import Period, end_of, start_of

TIMES = st.floats(0, 4_000_000_000)
PERIODS = st.sampled_from(Period)
LENGTHS = {
    Period.HOUR: {3600},
    Period.DAY: {86_400},
    Period.WEEK: {7 * 86_400},
    Period.MONTH: {days * 86_400 for days in (28, 29, 30, 31)},
}


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    "period, start, end",
    [
        (Period.HOUR, "2024-02-29T15:00:00", "2024-02-29T16:00:00"),
        (Period.DAY, "2024-02-29", "2024-03-01"),
        (Period.WEEK, "2024-02-26", "2024-03-04"),
        (Period.MONTH, "2024-02-01", "2024-03-01"),
    ],
)
def test_the_periods_of_a_leap_day(period: Period, start: str, end: str) -> None:
    now = seconds("2024-02-29T15:59:59")
    assert (start_of(period, now), end_of(period, now)) == (seconds(start), seconds(end))


@pytest.mark.parametrize("period", Period)
def test_the_year_ends_with_all_but_the_week(period: Period) -> None:
    end = seconds("2025-01-06") if period is Period.WEEK else seconds("2025-01-01")
    assert end_of(period, seconds("2024-12-31T23:59:59")) == end


@given(PERIODS, TIMES)
def test_a_time_lies_in_its_period(period: Period, now: float) -> None:
    start, end = start_of(period, now), end_of(period, now)
    assert start <= now < end
    assert end - start in LENGTHS[period]


@given(PERIODS, TIMES)
def test_periods_follow_one_another_without_gaps(period: Period, now: float) -> None:
    start, end = start_of(period, now), end_of(period, now)
    assert (start_of(period, start), end_of(period, start)) == (start, end)
    assert end_of(period, end - 0.001) == end
    assert start_of(period, end) == end


@given(TIMES)
def test_periods_begin_where_the_calendar_says(now: float) -> None:
    week = datetime.fromtimestamp(start_of(Period.WEEK, now), UTC)
    assert (week.weekday(), week.hour, week.minute, week.second) == (calendar.MONDAY, 0, 0, 0)
    month = datetime.fromtimestamp(start_of(Period.MONTH, now), UTC)
    assert (month.day, month.hour) == (1, 0)
    assert datetime.fromtimestamp(end_of(Period.MONTH, now), UTC) - timedelta(days=1) >= month


def test_a_fraction_of_a_second_never_reaches_the_next_period() -> None:
    end = seconds("2025-01-01")
    almost = math.nextafter(end, 0)
    assert almost < end
    assert end_of(Period.DAY, almost) == end
