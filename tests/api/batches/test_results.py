import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.api.batches.results import answer_line, unmade_line, usage_in
from ossian.api.usage import response_usage_body, usage_body
from ossian.harmony.events import Usage

USAGE = Usage(num_prompt_tokens=70, num_cached_tokens=5, num_completion_tokens=20, num_reasoning_tokens=7)
counts = st.integers(0, 10**9)


def test_an_answer() -> None:
    line = answer_line("batch_req_1", "a", 200, "req_1", b'{"id": "chatcmpl-1"}')
    assert json.loads(line) == {
        "id": "batch_req_1",
        "custom_id": "a",
        "response": {"status_code": 200, "request_id": "req_1", "body": {"id": "chatcmpl-1"}},
        "error": None,
    }


def test_an_answer_with_an_error_keeps_it_as_its_body() -> None:
    found = json.loads(answer_line("batch_req_1", "a", 404, "req_1", b'{"error": {"code": "model_not_found"}}'))
    assert found["error"] is None
    assert found["response"]["body"]["error"]["code"] == "model_not_found"


def test_a_request_that_was_not_made() -> None:
    assert json.loads(unmade_line("batch_req_1", "a", "batch_expired", "Too late.")) == {
        "id": "batch_req_1",
        "custom_id": "a",
        "response": None,
        "error": {"code": "batch_expired", "message": "Too late."},
    }


@pytest.mark.parametrize("body", [b"", b"oops", b"{", b"\xff"])
def test_what_is_no_json_becomes_null(body: bytes) -> None:
    assert json.loads(answer_line("b", "a", 500, "r", body))["response"]["body"] is None


@given(st.text(min_size=1), st.dictionaries(st.text(), st.text() | st.integers(-(2**53), 2**53)))
def test_a_result_is_one_line_whatever_is_in_it(custom_id: str, body: dict[str, Any]) -> None:
    for indent in (None, 2):
        line = answer_line("b", custom_id, 200, "r", json.dumps(body, indent=indent).encode())
        assert line.endswith(b"\n")
        assert line.count(b"\n") == 1
        found = json.loads(line)
        assert (found["custom_id"], found["response"]["body"]) == (custom_id, body)


@given(counts, counts, counts, counts)
def test_tokens_are_found_under_the_names_of_every_endpoint(a: int, b: int, c: int, d: int) -> None:
    usage = Usage(num_prompt_tokens=a, num_cached_tokens=b, num_completion_tokens=c, num_reasoning_tokens=d)
    for body in (usage_body(usage), response_usage_body(usage)):
        assert usage_in(json.dumps({"usage": body}).encode()) == usage


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"usage": null}', b'{"usage": {}}', b"null"])
def test_an_answer_without_tokens_has_none(body: bytes) -> None:
    assert usage_in(body) == Usage()
