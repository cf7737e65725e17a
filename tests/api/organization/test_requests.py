import csv
import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.api.organization.requests import (
    COLUMNS,
    RequestsQuery,
    csv_head,
    csv_lines,
    export_query,
    request_body,
    requests_query,
)
from ossian.errors import InvalidRequestError
from ossian.storage.account_records import UsageFilter
from tests.api.organization.records import REQUEST


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_file_has_a_line_for_each_request() -> None:
    rows = read(csv_head() + csv_lines([REQUEST, replace(REQUEST, request_id="req_2")]))
    assert [row["request_id"] for row in rows] == ["req_1", "req_2"]
    assert rows[0].keys() == set(COLUMNS)
    assert rows[0]["cost"] == "0.00000005"
    assert rows[0]["started_at"] == "2025-11-20T23:06:40.123Z"


def test_what_is_not_known_is_empty() -> None:
    (row,) = read(csv_head() + csv_lines([replace(REQUEST, project_id=None, key_id=None, time_to_first_token=None)]))
    assert (row["project_id"], row["api_key_id"], row["time_to_first_token"]) == ("", "", "")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_survives_and_none_is_a_formula(text: str) -> None:
    (row,) = read(csv_head() + csv_lines([replace(REQUEST, model_asked=text)]))
    assert row["model_asked"].removeprefix("'") == text.removeprefix("'")
    assert not row["model_asked"].startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize("number", [0, 5, 1_000_000])
def test_numbers_are_plain(number: int) -> None:
    (row,) = read(csv_head() + csv_lines([replace(REQUEST, num_prompt_tokens=number)]))
    assert row["input_tokens"] == str(number)


def test_an_object_has_the_columns_of_the_file() -> None:
    body = request_body(REQUEST)
    assert body.keys() == {"id", "object", *COLUMNS}
    assert body["started_at"] == REQUEST.started_at


START = ("start_time", "10")


def test_what_a_list_can_be_asked() -> None:
    assert requests_query([START]) == RequestsQuery(10, None, UsageFilter(), None, 20, "asc")
    pairs = [START, ("end_time", "20"), ("models[]", "m"), ("after", "usage_1"), ("limit", "100"), ("order", "desc")]
    assert requests_query(pairs) == RequestsQuery(10, 20, UsageFilter(models=("m",)), "usage_1", 100, "desc")


def test_a_file_has_no_pages() -> None:
    assert export_query([START, ("project_ids", "p")]) == RequestsQuery(10, None, UsageFilter(project_ids=("p",)))
    for name in ("after", "limit", "order"):
        with pytest.raises(InvalidRequestError, match="Unknown query parameter") as caught:
            export_query([START, (name, "1")])
        assert caught.value.param == name
    assert export_query([START, ("limit", "1")], ignore_unknown=True) == export_query([START])


@pytest.mark.parametrize("read_query", [requests_query, export_query])
@pytest.mark.parametrize(
    "pairs, param",
    [
        ([], "start_time"),
        ([("start_time", "yesterday")], "start_time"),
        ([START, ("end_time", "10")], "end_time"),
        ([START, ("user_ids", "u")], "user_ids"),
    ],
)
def test_what_is_wrong_is_named(
    read_query: Callable[..., RequestsQuery], pairs: list[tuple[str, str]], param: str
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read_query(pairs)
    assert caught.value.param == param
