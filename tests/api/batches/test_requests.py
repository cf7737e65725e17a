import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.api.batches.lines import InputLine
from ossian.api.batches.requests import LineReading, LineRequest
from ossian.errors import InvalidRequestError

CHAT = "/v1/chat/completions"
READING = LineReading(CHAT, max_line_bytes=1000)
BODY = {"model": "gpt-oss-20b", "messages": []}

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def line(**members: Any) -> InputLine:
    found = {"custom_id": "a", "method": "POST", "url": CHAT, "body": BODY} | members
    kept = {name: value for name, value in found.items() if value is not ...}
    return InputLine(7, json.dumps(kept).encode())


def refusal(given_line: InputLine, reading: LineReading = READING) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        reading.request(given_line)
    return caught.value


def test_a_line_is_a_request() -> None:
    request = READING.request(line(custom_id="request-1"))
    assert request == LineRequest(7, "request-1", json.dumps(BODY, separators=(",", ":")).encode(), "gpt-oss-20b")


@pytest.mark.parametrize("body", [{}, {"model": 5}])
def test_what_the_body_says_is_for_the_endpoint_to_judge(body: dict[str, Any]) -> None:
    assert READING.request(line(body=body)).model is None


@pytest.mark.parametrize("text", [b"{", b"[1]", b'"a"', b"null", b"{} {}", b"\xff", b"nan", b'{"a": "\\ud800"}'])
def test_what_is_no_json_object_is_an_invalid_line(text: bytes) -> None:
    error = refusal(InputLine(1, text))
    assert error.code == "invalid_json_line"
    assert error.message.startswith("The line ")


MISSING, TYPE, VALUE = "missing_required_parameter", "invalid_type", "invalid_value"


@pytest.mark.parametrize(
    "members, code, param",
    [
        ({"custom_id": ...}, MISSING, "custom_id"),
        ({"custom_id": 5}, TYPE, "custom_id"),
        ({"custom_id": ""}, VALUE, "custom_id"),
        ({"custom_id": "a" * 513}, VALUE, "custom_id"),
        ({"method": ...}, MISSING, "method"),
        ({"method": "GET"}, VALUE, "method"),
        ({"url": ...}, MISSING, "url"),
        ({"url": "/v1/responses"}, "url_mismatch", "url"),
        ({"url": "https://example.com/v1/chat/completions"}, "url_mismatch", "url"),
        ({"body": ...}, MISSING, "body"),
        ({"body": "{}"}, TYPE, "body"),
        ({"params": {}}, "unknown_parameter", "params"),
        ({"body": BODY | {"stream": True}}, "unsupported_parameter", "body.stream"),
        ({"body": BODY | {"background": True}}, "unsupported_parameter", "body.background"),
    ],
)
def test_a_wrong_member_is_named(members: dict[str, Any], code: str, param: str) -> None:
    error = refusal(line(**members))
    assert (error.code, error.param) == (code, param)
    assert param in error.message


def test_streams_may_be_declined() -> None:
    assert READING.request(line(body=BODY | {"stream": False, "background": None})).custom_id == "a"


def test_unknown_members_can_be_ignored() -> None:
    assert LineReading(CHAT, 1000, ignore_unknown=True).request(line(params={})).custom_id == "a"


def test_a_line_that_was_too_long_to_read() -> None:
    error = refusal(InputLine(1, None))
    assert error.code == "line_too_long"
    assert "1000 bytes" in error.message


def test_a_body_that_could_not_be_written_again_is_refused() -> None:
    body: Any = []
    for _ in range(260):
        body = [body]
    assert refusal(line(body={"messages": body})).param == "body"


@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_a_body_comes_through_as_it_is(body: dict[str, Any]) -> None:
    body = {name: value for name, value in body.items() if name not in ("stream", "background")}
    assert json.loads(READING.request(line(body=body)).body) == json.loads(json.dumps(body))


@given(st.binary(max_size=60))
def test_no_line_is_more_than_refused(text: bytes) -> None:
    assert refusal(InputLine(1, text)).message
