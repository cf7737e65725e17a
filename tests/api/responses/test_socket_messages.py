from typing import Any

import pytest

from ossian.api.errors import error_body
from ossian.api.responses.socket_messages import create_message, error_event, in_lane, lane_of
from ossian.errors import InvalidRequestError
from tests.specs.schemas import check

MESSAGE: dict[str, Any] = {"type": "response.create", "model": "m", "input": "Hi"}


def test_a_message_is_a_request_and_how_to_answer_it() -> None:
    message = create_message({**MESSAGE, "stream_id": "a.b-c_1", "store": False, "previous_response_id": "resp_1"})
    assert message.generate
    assert (message.request.model, message.request.store, message.request.stream) == ("m", False, True)
    assert message.request.previous_response_id == "resp_1"


@pytest.mark.parametrize(
    "fields",
    [
        {"stream": True},
        {"stream": None},
        {"stream_options": {"include_obfuscation": False}},
        {"stream_options": None},
        {"background": False},
        {"background": None},
        {"generate": True},
        {"generate": None},
        {"stream_id": None},
    ],
    ids=str,
)
def test_what_clients_of_http_send_as_well_is_taken(fields: dict[str, Any]) -> None:
    assert create_message({**MESSAGE, **fields}).generate


def test_nothing_needs_to_be_generated() -> None:
    assert not create_message({**MESSAGE, "generate": False}).generate
    assert not create_message({**MESSAGE, "generate": True, "prompt_cache_options": {"prewarm": True}}).generate
    assert create_message({**MESSAGE, "prompt_cache_options": {"prewarm": False}}).generate


@pytest.mark.parametrize(
    "message, param, code",
    [
        ({}, "type", "missing_required_parameter"),
        ({"type": None}, "type", "missing_required_parameter"),
        ({**MESSAGE, "type": "response.steer"}, "type", "invalid_value"),
        ({**MESSAGE, "type": 1}, "type", "invalid_value"),
        ({**MESSAGE, "type": ["response.create"]}, "type", "invalid_value"),
        ({**MESSAGE, "stream": False}, "stream", "unsupported_parameter"),
        ({**MESSAGE, "stream": "yes"}, "stream", "invalid_type"),
        ({**MESSAGE, "background": True}, "background", "unsupported_parameter"),
        ({**MESSAGE, "generate": 0}, "generate", "invalid_value"),
        ({**MESSAGE, "stream_id": ""}, "stream_id", "invalid_value"),
        ({**MESSAGE, "stream_id": "a b"}, "stream_id", "invalid_value"),
        ({**MESSAGE, "stream_id": "x" * 257}, "stream_id", "invalid_value"),
        ({**MESSAGE, "stream_id": 1}, "stream_id", "invalid_value"),
        ({**MESSAGE, "surprise": 1}, "surprise", "unknown_parameter"),
        ({**MESSAGE, "temperature": "hot"}, "temperature", "invalid_type"),
        ({"type": "response.create", "input": "Hi"}, "model", "missing_required_parameter"),
    ],
    ids=lambda value: str(value)[-40:],
)
def test_a_wrong_message_names_what_is_wrong(message: dict[str, Any], param: str, code: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        create_message(message)
    assert (caught.value.param, caught.value.code) == (param, code)


def test_unknown_parameters_may_be_ignored() -> None:
    assert create_message({**MESSAGE, "surprise": 1}, ignore_unknown=True).request.model == "m"


@pytest.mark.parametrize("stream_id", ["a", "A.b_c-1", "x" * 256])
def test_a_lane(stream_id: str) -> None:
    assert lane_of({"stream_id": stream_id}) == stream_id


@pytest.mark.parametrize("stream_id", [None, "", "a b", "a\n", "é", "x" * 257, 1, ["a"]])
def test_no_lane(stream_id: object) -> None:
    assert lane_of({"stream_id": stream_id}) is None
    assert lane_of({}) is None


def test_an_event_says_its_lane() -> None:
    assert in_lane({"type": "x"}, "a") == {"type": "x", "stream_id": "a"}
    assert in_lane({"type": "x"}, None) == {"type": "x"}


def test_an_error_is_what_openai_says() -> None:
    event = error_event(404, error_body("No.", param="model", code="model_not_found"), {})
    check(event, "openai", "ResponseWsError")
    check(in_lane(event, "a"), "openai", "ResponseWsError")
    assert (event["status"], event["error"]["code"]) == (404, "model_not_found")
