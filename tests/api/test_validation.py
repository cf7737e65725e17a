import json
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, TypeAdapter, ValidationError

from ossian.api.chat_completions.schema import ChatCompletionRequest
from ossian.api.completions.schema import CompletionRequest
from ossian.api.fields import RequestModel
from ossian.api.validation import parse, validated
from ossian.errors import InvalidRequestError, RequestError

USER = {"role": "user", "content": "Hi"}


def chat(**fields: Any) -> bytes:
    return json.dumps({"model": "m", "messages": [USER], **fields}).encode()


def error_of(body: bytes, **options: Any) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        parse(body, ChatCompletionRequest, **options)
    return caught.value


@pytest.mark.parametrize(
    "body, message",
    [
        (b"", "The request body is empty; send a JSON object."),
        (b" \n", "The request body is empty; send a JSON object."),
        (b"{", "The request body is not valid JSON: "),
        (b'{"model": "m",}', "The request body is not valid JSON: "),
        (b'{"model": NaN}', "The request body is not valid JSON: "),
        (b'{"temperature": 1e999}', "The request body is not valid JSON: "),
        (b'{"model": "\\ud800"}', "The request body is not valid JSON: "),
        (b"[" * 2000, "The request body is not valid JSON: "),
        (b'{"model": "\xff"}', "The request body is not valid UTF-8: see byte 11."),
        ('{"model": "é"}'.encode("utf-16"), "The request body is not valid UTF-8: see byte 0."),
        (b"[1]", "The request body must be a JSON object, but is an array."),
        (b'"text"', "The request body must be a JSON object, but is a string."),
        (b"null", "The request body must be a JSON object, but is null."),
        (b"true", "The request body must be a JSON object, but is a boolean."),
    ],
)
def test_a_body_that_is_no_json_object(body: bytes, message: str) -> None:
    error = error_of(body)
    assert error.message.startswith(message)
    assert (error.param, error.code) == (None, None)


def test_a_byte_order_mark_is_no_json() -> None:
    assert "not valid JSON" in error_of(b"\xef\xbb\xbf" + chat()).message


@pytest.mark.parametrize(
    "fields, param, code, message",
    [
        ({"temprature": 1}, "temprature", "unknown_parameter", "Unknown parameter: 'temprature'. Remove it"),
        ({"temperature": "1"}, "temperature", "invalid_type", "expected a number, but got a string."),
        ({"temperature": True}, "temperature", "invalid_type", "expected a number, but got a boolean."),
        ({"temperature": 2.1}, "temperature", "invalid_value", "expected less than or equal to 2, but got 2.1."),
        ({"temperature": -0.1}, "temperature", "invalid_value", "greater than or equal to 0, but got -0.1."),
        ({"top_p": 1.5}, "top_p", "invalid_value", "less than or equal to 1"),
        ({"top_k": -2}, "top_k", "invalid_value", "greater than or equal to -1"),
        ({"top_k": 1.5}, "top_k", "invalid_type", "expected an integer, but got a number."),
        ({"min_p": 2}, "min_p", "invalid_value", "less than or equal to 1"),
        ({"seed": "x"}, "seed", "invalid_type", "expected an integer"),
        ({"seed": 2**63}, "seed", "invalid_value", "less than"),
        ({"seed": 10**400}, None, None, "The request body is not valid JSON"),
        ({"presence_penalty": 3}, "presence_penalty", "invalid_value", "less than or equal to 2"),
        ({"frequency_penalty": -3}, "frequency_penalty", "invalid_value", "greater than or equal to -2"),
        ({"repetition_penalty": 0}, "repetition_penalty", "invalid_value", "greater than or equal to 0.000001"),
        ({"top_k": 2**31}, "top_k", "invalid_value", "less than 2147483648"),
        ({"n": 0}, "n", "invalid_value", "greater than or equal to 1"),
        ({"n": 17}, "n", "invalid_value", "less than or equal to 16"),
        ({"n": 1.0}, "n", "invalid_type", "expected an integer, but got a number."),
        ({"max_tokens": 0}, "max_tokens", "invalid_value", "greater than or equal to 1"),
        ({"max_completion_tokens": "9"}, "max_completion_tokens", "invalid_type", "expected an integer"),
        ({"top_logprobs": 21, "logprobs": True}, "top_logprobs", "invalid_value", "less than or equal to 20"),
        ({"logprobs": 1}, "logprobs", "invalid_type", "expected a boolean, but got an integer."),
        ({"stream": "true"}, "stream", "invalid_type", "expected a boolean, but got a string."),
        ({"stop": 1}, "stop", "invalid_type", "expected a string or an array of strings, but got an integer."),
        ({"stop": ["a", 1]}, "stop[1]", "invalid_type", "expected a string, but got an integer."),
        ({"stop": ["a", ""]}, "stop[1]", "invalid_value", "at least 1 character"),
        ({"stop": "a" * 1025}, "stop", "invalid_value", "at most 1024 characters"),
        ({"stop": ["a"] * 17}, "stop", "invalid_value", "at most 16 items"),
        ({"stop_token_ids": [-1]}, "stop_token_ids[0]", "invalid_value", "greater than or equal to 0"),
        ({"logit_bias": {"5": 101}}, "logit_bias.5", "invalid_value", "less than or equal to 100"),
        ({"logit_bias": [1]}, "logit_bias", "invalid_type", "expected an object, but got an array."),
        ({"metadata": {"a": 1}}, "metadata.a", "invalid_type", "expected a string, but got an integer."),
        ({"metadata": {"a": "b" * 513}}, "metadata.a", "invalid_value", "at most 512 characters"),
        ({"reasoning_effort": "huge"}, "reasoning_effort", "invalid_value", 'but got "huge".'),
        ({"reasoning": "high"}, "reasoning", "invalid_type", "expected an object, but got a string."),
        ({"reasoning": {"exclude": "yes"}}, "reasoning.exclude", "invalid_type", "expected a boolean"),
        ({"reasoning": {"efort": "low"}}, "reasoning.efort", "unknown_parameter", "Unknown parameter"),
        ({"modalities": ["audio"]}, "modalities[0]", "invalid_value", "expected 'text', but got \"audio\"."),
        ({"functions": [{}]}, "functions[0].name", "missing_required_parameter", "Missing required"),
        ({"function_call": "required"}, "function_call", "invalid_value", "expected 'none' or 'auto'"),
        ({"audio": {"voice": "a"}}, "audio", "unsupported_parameter", "no audio output"),
        ({"web_search_options": {}}, "web_search_options", "unsupported_parameter", "does not search the web"),
        ({"messages": []}, "messages", "invalid_value", "at least 1 item"),
        ({"messages": [USER] * 10_001}, "messages", "invalid_value", "at most 10000 items"),
        ({"messages": "Hi"}, "messages", "invalid_type", "expected an array, but got a string."),
        ({"messages": None}, "messages", "invalid_type", "expected an array, but got null."),
        ({"messages": ["Hi"]}, "messages[0]", "invalid_type", "expected an object, but got a string."),
        ({"messages": [{"content": "Hi"}]}, "messages[0].role", "missing_required_parameter", "messages[0].role"),
        ({"messages": [{"role": 5, "content": ""}]}, "messages[0].role", "invalid_type", "expected a string"),
        ({"messages": [{"role": "bot", "content": ""}]}, "messages[0].role", "invalid_value", 'but got "bot".'),
        ({"messages": [USER, {"role": "user"}]}, "messages[1].content", "missing_required_parameter", "Missing"),
        ({"messages": [{**USER, "content": None}]}, "messages[0].content", "invalid_type", "but got null."),
        ({"messages": [{**USER, "content": 5}]}, "messages[0].content", "invalid_type", "string or an array of text"),
        ({"messages": [{**USER, "content": []}]}, "messages[0].content", "invalid_value", "at least 1 item"),
        ({"messages": [{**USER, "mood": "x"}]}, "messages[0].mood", "unknown_parameter", "messages[0].mood"),
        ({"model": "m" * 257}, "model", "invalid_value", "at most 256 characters"),
        ({"model": 5}, "model", "invalid_type", "expected a string, but got an integer."),
        ({"model": None}, "model", "invalid_type", "expected a string, but got null."),
    ],
    ids=lambda value: json.dumps(value)[:60] if isinstance(value, dict) else "",
)
def test_a_wrong_parameter_is_named(fields: Any, param: str | None, code: str | None, message: str) -> None:
    error = error_of(chat(**fields))
    assert (error.param, error.code) == (param, code)
    assert message in error.message
    assert error.message.endswith(".")


def part(part: Any) -> bytes:
    return chat(messages=[{"role": "user", "content": [{"type": "text", "text": "What is it?"}, part]}])


@pytest.mark.parametrize(
    "wrong, param, code, message",
    [
        ({"type": "image_url", "image_url": {"url": "x"}}, ".type", "unsupported_content", "no image input"),
        ({"type": "input_audio", "input_audio": {}}, ".type", "unsupported_content", "no audio input"),
        ({"type": "file", "file": {}}, ".type", "unsupported_content", "no file input"),
        ({"type": "other"}, ".type", "invalid_value", "expected 'text'"),
        ({"text": "x"}, ".type", "missing_required_parameter", "Missing required parameter"),
        ({"type": "text"}, ".text", "missing_required_parameter", "Missing required parameter"),
        ({"type": "text", "text": 1}, ".text", "invalid_type", "expected a string"),
        ("text", "", "invalid_type", "expected an object, but got a string."),
    ],
)
def test_a_wrong_content_part_is_named(wrong: Any, param: str, code: str, message: str) -> None:
    error = error_of(part(wrong))
    assert (error.param, error.code) == (f"messages[0].content[1]{param}", code)
    assert message in error.message


def test_a_missing_model_is_named() -> None:
    error = error_of(json.dumps({"messages": [USER]}).encode())
    assert error.message == "Missing required parameter: 'model'."
    assert (error.param, error.code) == ("model", "missing_required_parameter")


@pytest.mark.parametrize(
    "prompt, param",
    [
        (5, "prompt"),
        ([], "prompt"),
        ([[]], "prompt[0]"),
        ([1, "a"], "prompt[1]"),
        (["a", 1], "prompt[1]"),
        ([[1], "a"], "prompt[1]"),
        ([[1, -1]], "prompt[0][1]"),
        ([True], "prompt[0]"),
        (["a"] * 65, "prompt"),
    ],
    ids=str,
)
def test_a_wrong_prompt_is_named(prompt: Any, param: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        parse(json.dumps({"model": "m", "prompt": prompt}).encode(), CompletionRequest)
    assert caught.value.param == param


def test_unknown_parameters_can_be_ignored_at_any_depth() -> None:
    body = chat(top_a=0.5, messages=[{**USER, "mood": "x"}], reasoning={"effort": "low", "depth": 3})
    request = parse(body, ChatCompletionRequest, ignore_unknown=True)
    assert request.model == "m"
    assert request.reasoning is not None
    assert request.reasoning.effort == "low"


def test_ignoring_unknown_parameters_does_not_ignore_wrong_ones() -> None:
    assert error_of(chat(temperature="1"), ignore_unknown=True).param == "temperature"


@pytest.mark.parametrize("fields", [{"reasoning_effort": "x" * 10_000}, {"x" * 10_000: 1}], ids=["value", "name"])
def test_what_is_long_is_not_quoted_back(fields: Any) -> None:
    error = error_of(chat(**fields))
    assert len(error.message) < 350
    assert len(error.param or "") <= 200


def test_the_last_of_two_equal_keys_counts() -> None:
    body = b'{"model": "a", "model": "b", "messages": [{"role": "user", "content": "Hi"}]}'
    assert parse(body, ChatCompletionRequest).model == "b"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = sorted({*ChatCompletionRequest.model_fields, "surprise"})


def outcome(body: bytes) -> str:
    """What becomes of a body; anything but a RequestError fails the test."""
    try:
        return repr(parse(body, ChatCompletionRequest).model)
    except RequestError as error:
        return error.message


@given(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4))
def test_whatever_comes_is_a_request_or_a_clear_error(fields: dict[str, Any]) -> None:
    assert outcome(chat(**fields))


@given(st.binary(max_size=60))
def test_whatever_bytes_come_are_a_clear_error(body: bytes) -> None:
    assert error_of(body).message


@pytest.mark.parametrize(
    "fields, param",
    [
        ({f"unknown_{number}": 1 for number in range(2000)}, None),
        ({"messages": [USER, {**USER, **{f"unknown_{number}": 1 for number in range(2000)}}]}, "messages[1]"),
        ({"logit_bias": {str(number): "1" for number in range(2000)}}, "logit_bias"),
        ({"metadata": {str(number): 1 for number in range(2000)}}, "metadata"),
    ],
)
def test_an_object_of_too_many_members_is_one_error(fields: dict[str, Any], param: str | None) -> None:
    error = error_of(chat(**fields))
    assert (error.param, error.code) == (param, "invalid_value")
    name = "the request" if param is None else f"'{param}'"
    assert error.message.startswith(f"Invalid value for {name}: an object can have at most 1024 members here, but ")


@pytest.mark.parametrize(
    "schema, fields",
    [
        (ChatCompletionRequest, {"messages": [1, 1]}),
        (ChatCompletionRequest, {"messages": [{"role": "user", "content": [1, 1]}]}),
        (ChatCompletionRequest, {"messages": [{"role": "assistant", "content": [1, 1]}]}),
        (ChatCompletionRequest, {"messages": [{"role": "assistant", "tool_calls": [1, 1]}]}),
        (ChatCompletionRequest, {"messages": [USER], "tools": [1, 1]}),
        (
            ChatCompletionRequest,
            {
                "messages": [USER],
                "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [1, 1]}},
            },
        ),
        (CompletionRequest, {"prompt": ["a", 1, 1]}),
        (CompletionRequest, {"prompt": [-1, -1]}),
        (CompletionRequest, {"prompt": [[-1, -1], []]}),
    ],
)
def test_arrays_of_any_length_make_no_error_of_every_element(
    schema: type[RequestModel], fields: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError) as caught:
        schema.model_validate({"model": "m", **fields})
    assert caught.value.error_count() == 1


def test_a_part_of_a_request_is_named_below_its_place() -> None:
    adapter = TypeAdapter(list[dict[str, int]])
    assert validated([{"a": 1}], adapter, "items") == [{"a": 1}]
    with pytest.raises(InvalidRequestError) as caught:
        validated([{}, {"a": "b"}], adapter, "items")
    assert (caught.value.param, caught.value.code) == ("items[1].a", "invalid_value")
    with pytest.raises(InvalidRequestError, match="Invalid type for 'items': expected an array") as caught:
        validated({}, adapter, "items")
    assert caught.value.param == "items"


class Named(RequestModel):
    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,128}$")]


def test_a_names_own_limit_is_told() -> None:
    with pytest.raises(InvalidRequestError, match="expected 1 to 128 of the characters a-z"):
        parse(b'{"name": "a b"}', Named)
