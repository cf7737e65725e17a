import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.api.organization.requests import COLUMNS, csv_head, csv_lines, request_body
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
