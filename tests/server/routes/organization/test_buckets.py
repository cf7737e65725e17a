from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.api.organization.query import MAX_TIME
from ossian.api.organization.usage import UsageQuery
from ossian.server.routes.organization.buckets import Buckets
from ossian.storage.account_records import UsageFilter, UsagePeriod, UsageTotal

PERIODS: list[UsagePeriod] = ["minute", "hour", "day", "week", "month"]
MINUTE, HOUR, DAY = 60, 3600, 24 * 3600


def at(*date: int) -> int:
    return int(datetime(*date, tzinfo=UTC).timestamp())  # type: ignore[arg-type, misc]


def asked(starts_at: int, ends_at: int | None, period: UsagePeriod = "day", num_buckets: int = 7) -> UsageQuery:
    return UsageQuery(starts_at, ends_at, period, num_buckets, (), UsageFilter())


def test_buckets_are_cut_off_at_both_ends() -> None:
    query = asked(at(2026, 11, 20, 12), at(2026, 11, 22, 6))
    buckets = Buckets.of(query, 0.0)
    assert buckets.spans == [
        (at(2026, 11, 20, 12), at(2026, 11, 21)),
        (at(2026, 11, 21), at(2026, 11, 22)),
        (at(2026, 11, 22), at(2026, 11, 22, 6)),
    ]
    assert buckets.next_start is None


@pytest.mark.parametrize(
    "period, end",
    [
        ("minute", at(2026, 11, 21, 12, 31)),
        ("hour", at(2026, 11, 21, 13)),
        ("day", at(2026, 11, 22)),
        ("week", at(2026, 11, 23)),
        ("month", at(2026, 12, 1)),
    ],
)
def test_without_an_end_the_present_bucket_is_the_last(period: UsagePeriod, end: int) -> None:
    now = at(2026, 11, 21, 12, 30) + 1
    assert Buckets.of(asked(now - 1, None, period), now + 0.5).spans == [(now - 1, end)]


def test_what_has_not_begun_has_no_buckets() -> None:
    assert Buckets.of(asked(at(2027, 1, 1), None), at(2026, 11, 21)) == Buckets("day", [], None)


def test_a_page_ends_where_the_next_begins() -> None:
    buckets = Buckets.of(asked(at(2026, 1, 1), at(2027, 1, 1), "month", 5), 0.0)
    assert len(buckets.spans) == 5
    assert buckets.next_start == buckets.spans[-1][1] == at(2026, 6, 1)


def test_results_are_in_the_bucket_of_their_period() -> None:
    buckets = Buckets.of(asked(at(2026, 11, 20, 12), at(2026, 11, 22)), 0.0)
    totals = [UsageTotal(at(2026, 11, 20), model="a"), UsageTotal(at(2026, 11, 20), model="b")]
    first, second = buckets.bodies(totals, lambda total: {"model": total.model})
    assert first["results"] == [{"model": "a"}, {"model": "b"}]
    assert (first["start_time"], first["end_time"]) == (at(2026, 11, 20, 12), at(2026, 11, 21))
    assert second["results"] == []


@given(
    st.sampled_from(PERIODS),
    st.integers(0, MAX_TIME - 1),
    st.integers(1, 400 * DAY),
    st.integers(1, 20),
)
def test_pages_tell_of_every_moment_once(period: UsagePeriod, start: int, length: int, num_buckets: int) -> None:
    end = min(start + length, MAX_TIME)
    time, num_pages = start, 0
    while num_pages < 50:
        buckets = Buckets.of(asked(time, end, period, num_buckets), 0.0)
        assert len(buckets.spans) <= num_buckets
        for begins, ends in buckets.spans:
            assert (begins, begins < ends <= end) == (time, True)
            time = ends
        num_pages += 1
        if buckets.next_start is None:
            assert time == end
            return
        assert buckets.next_start == time
    assert period != "month", "400 days have no more than 15"


@given(st.sampled_from(PERIODS), st.integers(0, MAX_TIME))
def test_the_end_of_time_has_a_bucket(period: UsagePeriod, now: int) -> None:
    assert Buckets.of(asked(now, None, period), now).spans[0][0] == now
