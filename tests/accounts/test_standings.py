import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.accounts.standings import Resource, Standing, duration, rate_limit_headers


def test_the_headers_are_those_of_openai() -> None:
    standings = [Standing(Resource.REQUESTS, 400, 399, 17.2), Standing(Resource.TOKENS, 10_000, 9_000, 60)]
    assert rate_limit_headers(standings) == {
        "x-ratelimit-limit-requests": "400",
        "x-ratelimit-remaining-requests": "399",
        "x-ratelimit-reset-requests": "18s",
        "x-ratelimit-limit-tokens": "10000",
        "x-ratelimit-remaining-tokens": "9000",
        "x-ratelimit-reset-tokens": "1m0s",
    }


def test_of_two_limits_the_nearest_is_told() -> None:
    far, near = Standing(Resource.REQUESTS, 400, 50, 5), Standing(Resource.REQUESTS, 100, 7, 5)
    for standings in ([far, near], [near, far]):
        assert rate_limit_headers(standings)["x-ratelimit-remaining-requests"] == "7"
        assert rate_limit_headers(standings)["x-ratelimit-limit-requests"] == "100"


def test_when_running_requests_finish_is_not_told() -> None:
    assert rate_limit_headers([Standing(Resource.CONCURRENT_REQUESTS, 4, 1)]) == {
        "x-ratelimit-limit-concurrent-requests": "4",
        "x-ratelimit-remaining-concurrent-requests": "1",
    }


def test_without_limits_there_are_no_headers() -> None:
    assert rate_limit_headers([]) == {}


@pytest.mark.parametrize("seconds, text", [(0, "0s"), (0.1, "1s"), (59, "59s"), (60, "1m0s"), (359.5, "6m0s")])
def test_durations_are_written_as_openai_does(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@given(st.floats(0, 100_000))
def test_a_duration_is_never_too_short(seconds: float) -> None:
    found = re.fullmatch(r"(?:(\d+)m)?(\d+)s", duration(seconds))
    assert found
    assert 0 <= int(found[1] or 0) * 60 + int(found[2]) - seconds <= 1  # of no time at all, rounded
