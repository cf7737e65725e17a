from datetime import date

import pytest

from ossian.api.aimlapi.queries import Window, detail_query, log_query, transaction_query, usage_query
from ossian.errors import InvalidRequestError

NOW = 1_763_680_000.5
DAY = 86_400


@pytest.mark.parametrize(
    "pairs, window",
    [
        ([], Window(NOW - DAY, NOW)),
        ([("period", "7d")], Window(NOW - 7 * DAY, NOW)),
        ([("period", "24h"), ("key_prefix", "sk-1")], Window(NOW - DAY, NOW, "sk-1")),
        (
            [("start", "2025-11-01"), ("end", "2025-11-02T12:00:00Z")],
            Window(1_761_955_200.0, 1_762_084_800.0),
        ),
        (
            [("start", "2025-11-01T02:00:00 02:00"), ("end", "2025-11-01T00:00:01")],
            Window(1_761_955_200.0, 1_761_955_201.0),
        ),
        ([("start", "2025-08-01"), ("end", "2025-11-01")], Window(1_754_006_400.0, 1_761_955_200.0)),
    ],
)
def test_the_window_of_a_report(pairs: list[tuple[str, str]], window: Window) -> None:
    assert usage_query(pairs, NOW) == window


@pytest.mark.parametrize(
    "pairs, param",
    [
        ([("period", "30d")], "period"),
        ([("period", "24h"), ("start", "2025-11-01"), ("end", "2025-11-02")], "period"),
        ([("start", "2025-11-01")], "end"),
        ([("end", "2025-11-01")], "start"),
        ([("start", "yesterday"), ("end", "2025-11-01")], "start"),
        ([("start", "2025-11-02"), ("end", "2025-11-01")], "end"),
        ([("start", "2025-07-31"), ("end", "2025-11-01")], "end"),
        ([("start", "0001-01-01"), ("end", "0001-01-02")], "start"),
        ([("start", "9999-12-30"), ("end", "9999-12-31")], "start"),
        ([("group_by", "day")], "group_by"),
        ([("perod", "24h")], "perod"),
    ],
)
def test_a_wrong_window_is_told_where(pairs: list[tuple[str, str]], param: str) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        usage_query(pairs, NOW)
    assert raised.value.param == param


@pytest.mark.parametrize(
    "grouping, by", [("day", (True, False)), ("model", (False, True)), ("day,model", (True, True))]
)
def test_what_details_are_grouped_by(grouping: str, by: tuple[bool, bool]) -> None:
    query = detail_query([("group_by", grouping)], NOW)
    assert (query.by_day, query.by_model) == by


def test_days_are_those_of_the_zone() -> None:
    query = detail_query([("tz", "America/New_York")], NOW)
    assert query.day(1_763_680_000) == date(2025, 11, 20)
    assert detail_query([("tz", "Asia/Tokyo")], NOW).day(1_763_680_000) == date(2025, 11, 21)


@pytest.mark.parametrize(
    "zone, width",
    [("UTC", "hour"), ("America/New_York", "hour"), ("Asia/Kolkata", "minute"), ("Asia/Kathmandu", "minute")],
)
def test_days_are_summed_from_parts_that_begin_with_them(zone: str, width: str) -> None:
    assert detail_query([("tz", zone)], NOW).width == width


@pytest.mark.parametrize(
    "pairs, param", [([("group_by", "week")], "group_by"), ([("tz", "Mars/Olympus")], "tz"), ([("tz", "../etc")], "tz")]
)
def test_wrong_details_are_told_where(pairs: list[tuple[str, str]], param: str) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        detail_query(pairs, NOW)
    assert raised.value.param == param


def test_what_logs_are_asked() -> None:
    query = log_query([], NOW)
    assert (query.models, query.outcomes, query.limit, query.offset) == ((), None, 50, 0)
    pairs = [("model", "a"), ("model", "b"), ("status", "failed"), ("limit", "1"), ("offset", "3")]
    query = log_query(pairs, NOW)
    assert (query.models, query.outcomes, query.limit, query.offset) == (("a", "b"), ("failed",), 1, 3)


def test_what_transactions_are_asked() -> None:
    query = transaction_query([], NOW)
    assert (query.start, query.end, query.wants_charges, query.limit, query.cursor) == (0, NOW, True, 50, None)
    assert transaction_query([("direction", "CHARGE"), ("type", "MODEL_USAGE")], NOW).wants_charges
    assert not transaction_query([("direction", "TOPUP")], NOW).wants_charges
    assert not transaction_query([("type", "BONUS")], NOW).wants_charges


@pytest.mark.parametrize(
    "pairs, param",
    [
        ([("limit", "0")], "limit"),
        ([("limit", "101")], "limit"),
        ([("direction", "UP")], "direction"),
        ([("type", "GIFT")], "type"),
        ([("from", "then")], "from"),
        ([("page", "2")], "page"),
    ],
)
def test_wrong_transactions_are_told_where(pairs: list[tuple[str, str]], param: str) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        transaction_query(pairs, NOW)
    assert raised.value.param == param


@pytest.mark.parametrize(
    "pairs, param", [([("status", "lost")], "status"), ([("offset", "-1")], "offset"), ([("limit", "101")], "limit")]
)
def test_wrong_logs_are_told_where(pairs: list[tuple[str, str]], param: str) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        log_query(pairs, NOW)
    assert raised.value.param == param
