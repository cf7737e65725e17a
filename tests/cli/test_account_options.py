from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.cli.account_options import (
    budget_given,
    date_given,
    expiry_given,
    limits_given,
    names_given,
    past_given,
    scopes_given,
    without_none,
)
from ossian.errors import ConfigurationError

NOW = 1_000_000.7


@pytest.mark.parametrize("text, seconds", [("90m", 5400), ("12h", 43_200), ("30d", 2_592_000), ("2w", 1_209_600)])
def test_a_span_is_from_now_on_or_before_now(text: str, seconds: int) -> None:
    assert expiry_given(text, NOW) == 1_000_000 + seconds
    assert past_given(text, "--from", NOW) == 1_000_000 - seconds


@pytest.mark.parametrize("text", ["0d", "1970-01-12"])
def test_what_is_past_is_no_expiry(text: str) -> None:
    with pytest.raises(ConfigurationError, match=f"--expires takes a time to come; '{text}' is none"):
        expiry_given(text, NOW)


def test_never_is_no_time() -> None:
    assert expiry_given("never", NOW) is None


@pytest.mark.parametrize(
    "text, expected",
    [
        ("2027-01-31", datetime(2027, 1, 31, tzinfo=UTC)),
        ("2027-01-31T12:30", datetime(2027, 1, 31, 12, 30, tzinfo=UTC)),
        ("2027-01-31 12:30:15+02:00", datetime(2027, 1, 31, 10, 30, 15, tzinfo=UTC)),
        ("2027-01-31T12:30Z", datetime(2027, 1, 31, 12, 30, tzinfo=UTC)),
    ],
)
def test_a_date_without_a_zone_is_of_utc(text: str, expected: datetime) -> None:
    assert expiry_given(text, NOW) == past_given(text, "--from", NOW) == expected.timestamp()


@pytest.mark.parametrize("text", ["", "tomorrow", "30", "d", "1y", "-1d", "2027-13-01", "9999999d", "٣d", "1.5h"])
def test_what_is_no_time_is_refused_with_what_is(text: str) -> None:
    with pytest.raises(ConfigurationError, match="--expires takes 30d, 12h, a date of UTC") as caught:
        expiry_given(text, NOW)
    assert str(caught.value).endswith(f"not '{text}'.")
    with pytest.raises(ConfigurationError, match="--to takes 30d"):
        past_given(text, "--to", NOW)


@given(st.text(max_size=12))
def test_whatever_is_typed_is_a_time_or_refused(text: str) -> None:
    with suppress(ConfigurationError):
        assert isinstance(date_given(text, "--from", "a date"), int)


def test_limits() -> None:
    assert limits_given(None, None, None) == {}
    assert limits_given("5", "none", None) == {"requests_per_minute": 5, "tokens_per_minute": None}
    for text in ["", "-1", "1.5", "٣", "many"]:
        with pytest.raises(ConfigurationError, match="--concurrent-requests takes a whole number"):
            limits_given(None, None, text)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("25", {"amount": "25", "period": "none"}),
        ("2.50/month", {"amount": "2.50", "period": "month"}),
        ("x/y/z", {"amount": "x", "period": "y/z"}),  # the administration refuses it, and says what there is
        ("none", None),
    ],
)
def test_budgets(text: str, expected: dict[str, str] | None) -> None:
    assert budget_given(text) == expected


def test_lists_of_names() -> None:
    assert names_given("a, b,,c ") == ["a", "b", "c"]
    assert names_given("") == []
    assert names_given("all") is None
    assert scopes_given(None, None) == {}
    assert scopes_given("files", "all") == {"endpoints": ["files"], "models": None}


def test_what_was_not_typed_is_left_out() -> None:
    assert without_none(a=None, b=0, c="") == {"b": 0, "c": ""}
