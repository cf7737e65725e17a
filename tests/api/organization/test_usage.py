import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.api.organization.usage import (
    COSTS,
    USAGE,
    WIDTHS,
    Report,
    UsageQuery,
    bucket_body,
    page_body,
    usage_query,
)
from ossian.errors import InvalidRequestError
from ossian.storage.account_records import UsageFilter

START = ("start_time", "1000000")


def asked(*pairs: tuple[str, str], report: Report = USAGE) -> UsageQuery:
    return usage_query(report, [START, *pairs])


def test_the_least_that_can_be_asked() -> None:
    assert asked() == UsageQuery(1_000_000, None, "day", 7, (), UsageFilter())


def test_everything_that_can_be_asked() -> None:
    pairs = [
        ("end_time", "2000000"),
        ("bucket_width", "1h"),
        ("group_by[]", "project_id"),
        ("group_by[]", "model"),
        ("project_ids[]", "proj_1"),
        ("project_ids[]", "proj_2"),
        ("api_key_ids", "key_1"),
        ("models", "gpt-oss-20b"),
        ("endpoints", "responses"),
        ("limit", "168"),
        ("page", "page_1003600"),
    ]
    wanted = UsageFilter(("proj_1", "proj_2"), ("key_1",), ("gpt-oss-20b",), ("responses",))
    assert asked(*pairs) == UsageQuery(1_003_600, 2_000_000, "hour", 168, ("project_id", "model"), wanted)


def test_costs_are_grouped_by_line_items_which_are_models() -> None:
    query = asked(("group_by", "line_item"), ("line_items", "m"), report=COSTS)
    assert (query.groups, query.wanted) == (("model",), UsageFilter(models=("m",)))


@pytest.mark.parametrize(
    "width, default, highest", [("1m", 60, 1440), ("1h", 24, 168), ("1d", 7, 180), ("1w", 5, 53), ("1mo", 12, 36)]
)
def test_how_many_buckets_a_page_has(width: str, default: int, highest: int) -> None:
    assert asked(("bucket_width", width)).num_buckets == default
    assert asked(("bucket_width", width), ("limit", str(highest))).num_buckets == highest
    with pytest.raises(InvalidRequestError, match=f"from 1 to {highest}") as caught:
        asked(("bucket_width", width), ("limit", str(highest + 1)))
    assert caught.value.param == "limit"


def test_a_report_needs_its_beginning() -> None:
    with pytest.raises(InvalidRequestError, match="'start_time', when the report begins") as caught:
        usage_query(USAGE, [])
    assert (caught.value.param, caught.value.code) == ("start_time", "missing_required_parameter")


@pytest.mark.parametrize(
    "name, value",
    [
        ("end_time", "1000000"),
        ("end_time", "tomorrow"),
        ("bucket_width", "1s"),
        ("bucket_width", "day"),
        ("group_by", "user_id"),
        ("group_by", "line_item"),
        ("limit", "0"),
        ("page", "page_999999"),
        ("page", "1003600"),
        ("page", "page_"),
        ("page", "page_²"),
        ("page", f"page_{'9' * 5000}"),
    ],
    ids=lambda value: value[:20],
)
def test_a_wrong_value_is_named(name: str, value: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"Invalid value for '{name}'") as caught:
        asked((name, value))
    assert (caught.value.param, caught.value.code) == (name, "invalid_value")
    assert len(caught.value.message) < 300


def test_a_page_is_before_the_end() -> None:
    with pytest.raises(InvalidRequestError, match="'next_page'"):
        asked(("end_time", "2000000"), ("page", "page_2000000"))


def test_a_group_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(InvalidRequestError, match="'project_id', 'api_key_id', 'endpoint', 'model'"):
        asked(("group_by", "colour"))


@pytest.mark.parametrize("name", ["user_ids", "batch", "service_tier"])
def test_a_filter_that_cannot_be_applied_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequestError, match="Unknown query parameter") as caught:
        asked((name, "x"))
    assert (caught.value.param, caught.value.code) == (name, "unknown_parameter")


def test_unless_unknown_parameters_are_ignored() -> None:
    assert usage_query(USAGE, [START, ("batch", "true")], ignore_unknown=True) == asked()


@given(st.sampled_from([*WIDTHS]), st.integers(1_000_000, 4_000_000_000))
def test_the_next_page_of_an_answer_begins_where_it_ended(width: str, next_start: int) -> None:
    token = page_body([], next_start)["next_page"]
    assert asked(("bucket_width", width), ("page", token)).starts_at == next_start


def test_the_last_page_has_no_next_one() -> None:
    assert page_body([], None) == {"object": "page", "data": [], "has_more": False, "next_page": None}


def test_a_bucket() -> None:
    bucket = bucket_body(0, 3600, [{"a": 1}])
    assert bucket == {"object": "bucket", "start_time": 0, "end_time": 3600, "results": [{"a": 1}]}
