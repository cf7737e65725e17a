import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.api.efforts import EFFORTS
from ossian.api.fields import RequestModel
from ossian.api.responses.schema import (
    ENCRYPTED_REASONING,
    LOGPROBS,
    CompactRequest,
    InputTokensRequest,
    ResponseRequest,
)
from ossian.api.validation import parse
from ossian.errors import InvalidRequestError
from ossian.harmony.messages import ReasoningEffort
from tests.api.responses.asking import CODEX_FIRST, CODEX_SECOND, TOOLS_OF_CODEX, USER, of_file, refusal, request
from tests.specs.schemas import document

EVERYTHING: dict[str, Any] = {
    "background": False,
    "client_metadata": {"session_id": "s"},
    "context_management": [{"type": "compaction", "compact_threshold": 1000}],
    "conversation": {"id": "conv_1"},
    "frequency_penalty": 0.5,
    "include": [ENCRYPTED_REASONING, LOGPROBS, "web_search_call.results", "file_search_call.results"],
    "input": [USER],
    "instructions": "Be kind.",
    "max_output_tokens": 16,
    "max_tool_calls": 1,
    "metadata": {"a": "b"},
    "model": "m",
    "parallel_tool_calls": True,
    "presence_penalty": 0.5,
    "prompt": {"id": "pmpt_1", "version": "2", "variables": {"a": "b", "c": {"type": "input_text", "text": "d"}}},
    "prompt_cache_key": "k",
    "prompt_cache_options": {"ttl": "30m"},
    "prompt_cache_retention": "24h",
    "reasoning": {"effort": "low", "summary": "auto", "context": "auto", "mode": "standard", "generate_summary": None},
    "safety_identifier": "s",
    "service_tier": "auto",
    "store": True,
    "stream": True,
    "stream_options": {"include_obfuscation": False},
    "temperature": 1,
    "text": {"format": {"type": "text"}, "verbosity": "low"},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 5,
    "top_p": 1,
    "truncation": "auto",
    "user": "u",
}


def parsed(model: type[RequestModel], **fields: Any) -> RequestModel:
    return parse(json.dumps({"model": "m", **fields}).encode(), model)


def error_of(model: type[RequestModel], **fields: Any) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        parsed(model, **fields)
    return caught.value


def test_every_field_of_both_specifications_is_known() -> None:
    known = set(ResponseRequest.model_fields)
    assert set(EVERYTHING) - {"moderation"} <= known
    assert set(document("open_responses")["CreateResponseBody"]["properties"]) <= known
    assert fields_of("CreateResponse") <= known
    assert fields_of("TokenCountsBody") <= set(InputTokensRequest.model_fields)
    assert fields_of("CompactResponseMethodPublicBody") <= set(CompactRequest.model_fields)


def fields_of(name: str) -> set[str]:
    """The properties of one of OpenAI's schemas, those of its parts included."""
    schema = document("openai")[name]
    parts = [each["$ref"].rpartition("/")[2] for each in schema.get("allOf", ()) if "$ref" in each]
    own = [each for each in [schema, *schema.get("allOf", ())] if "properties" in each]
    return {name for each in own for name in each["properties"]}.union(*map(fields_of, parts))


def test_a_request_with_everything() -> None:
    asked = request(**EVERYTHING)
    dumped = asked.model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert dumped == EVERYTHING
    assert asked.prompt is not None
    assert asked.prompt.texts == {"a": "b", "c": "d"}
    assert asked.conversation_id == "conv_1"


def test_null_is_not_given() -> None:
    nothing = dict.fromkeys([name for name in ResponseRequest.model_fields if name not in ("model", "input")])
    assert request(**nothing) == request()


@pytest.mark.parametrize("path", [CODEX_FIRST, CODEX_SECOND], ids=["first", "second"])
def test_what_codex_sends(path: Any) -> None:
    asked = of_file(path)
    assert [offer.name for offer in asked.offered] == TOOLS_OF_CODEX
    assert asked.included == {ENCRYPTED_REASONING}
    assert (asked.store, asked.stream, asked.effort) == (False, True, ReasoningEffort.MEDIUM)


@pytest.mark.parametrize("effort", EFFORTS)
def test_efforts_are_those_of_chat_completions(effort: Any) -> None:
    assert request(reasoning={"effort": effort}).effort is EFFORTS[effort]


def test_the_default_effort_is_medium() -> None:
    assert request().effort is request(reasoning={}).effort is ReasoningEffort.MEDIUM


def test_asking_for_top_logprobs_is_asking_for_logprobs() -> None:
    assert request().included == frozenset()
    assert request(top_logprobs=0).included == frozenset()
    assert request(top_logprobs=2).included == {LOGPROBS}
    assert request(include=[LOGPROBS]).included == {LOGPROBS}
    assert request(include=[]).included == frozenset()


@pytest.mark.parametrize("fields", [{"conversation": "conv_1"}, {"conversation": {"id": "conv_1"}}])
def test_a_conversation_is_named_in_two_ways(fields: dict[str, Any]) -> None:
    assert request(**fields).conversation_id == "conv_1"


@pytest.mark.parametrize(
    "fields",
    [
        {"input": "Hi"},
        {"input": ""},
        {"input": []},
        {"previous_response_id": "resp_1"},
        {"conversation": "conv_1"},
        {"prompt": {"id": "pmpt_1"}},
    ],
)
def test_a_request_says_something_or_goes_on(fields: dict[str, Any]) -> None:
    parsed(ResponseRequest, **fields)


def test_a_request_that_says_nothing_is_refused() -> None:
    error = error_of(ResponseRequest)
    assert (error.param, error.code) == ("input", "missing_required_parameter")
    assert "'previous_response_id'" in error.message
    assert error_of(InputTokensRequest).param == "input"
    assert error_of(CompactRequest).param == "input"
    assert parse(b'{"model": "m", "previous_response_id": "resp_1"}', CompactRequest).items == []


@pytest.mark.parametrize(
    "fields, param, code",
    [
        ({"previous_response_id": "r", "conversation": "c"}, "previous_response_id", "mutually_exclusive_parameters"),
        ({"background": True, "store": False}, "store", "invalid_value"),
        ({"stream_options": {}}, "stream_options", "invalid_value"),
        ({"n": 2}, "n", "unsupported_parameter"),
        ({"moderation": {"model": "omni"}}, "moderation", "unsupported_parameter"),
        ({"messages": []}, "messages", "unknown_parameter"),
        ({"include": ["everything"]}, "include[0]", "invalid_value"),
        ({"truncation": "some"}, "truncation", "invalid_value"),
        ({"max_output_tokens": 0}, "max_output_tokens", "invalid_value"),
        ({"top_logprobs": 21}, "top_logprobs", "invalid_value"),
        ({"temperature": 2.5}, "temperature", "invalid_value"),
        ({"reasoning": {"effort": "huge"}}, "reasoning.effort", "invalid_value"),
        ({"reasoning": {"summary": "long"}}, "reasoning.summary", "invalid_value"),
        ({"text": {"verbosity": "huge"}}, "text.verbosity", "invalid_value"),
        ({"text": {"format": {"type": "xml"}}}, "text.format.type", "invalid_value"),
        (
            {"text": {"format": {"type": "json_schema", "name": "a"}}},
            "text.format.schema",
            "missing_required_parameter",
        ),
        (
            {"text": {"format": {"type": "json_schema", "name": "a b", "schema": {}}}},
            "text.format.name",
            "invalid_value",
        ),
        ({"conversation": 5}, "conversation", "invalid_type"),
        ({"conversation": {}}, "conversation.id", "missing_required_parameter"),
        ({"prompt": {}}, "prompt.id", "missing_required_parameter"),
        ({"prompt": {"id": "p", "variables": {"x": 5}}}, "prompt.variables.x", "invalid_type"),
        (
            {"prompt": {"id": "p", "variables": {"x": {"type": "input_image"}}}},
            "prompt.variables.x.type",
            "unsupported_content",
        ),
        ({"metadata": {"a": 1}}, "metadata.a", "invalid_type"),
        ({"input": 5}, "input", "invalid_type"),
        ({"model": None}, "model", "invalid_type"),
        ({"stream": "yes"}, "stream", "invalid_type"),
    ],
)
def test_what_cannot_be_served_is_named(fields: dict[str, Any], param: str, code: str) -> None:
    error = refusal(**fields)
    assert (error.param, error.code) == (param, code)


def test_a_background_response_may_be_streamed() -> None:
    assert request(background=True, stream=True, stream_options={"include_obfuscation": True}).background


def test_sampling_is_that_of_chat_completions() -> None:
    asked = request(seed=5, stop=["x"], top_k=3, min_p=0.1, logit_bias={"5": 1}, repetition_penalty=1.5)
    assert (asked.seed, asked.stop, asked.top_k) == (5, ["x"], 3)


def test_counting_tokens_takes_what_a_conversation_is_made_of() -> None:
    fields = {name: EVERYTHING[name] for name in fields_of("TokenCountsBody") & EVERYTHING.keys() - {"model"}}
    counted = parsed(InputTokensRequest, **{**fields, "personality": "friendly"})
    assert counted.model_dump(mode="json", exclude_unset=True)["text"] == EVERYTHING["text"]
    assert error_of(InputTokensRequest, input="Hi", stream=True).param == "stream"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)


@given(st.sampled_from(sorted(EVERYTHING)), JSON)
def test_any_json_for_any_field_is_taken_or_named(name: str, value: Any) -> None:
    try:
        parse(json.dumps({"model": "m", "input": "Hi", name: value}).encode(), ResponseRequest)
    except InvalidRequestError as error:
        named = error.param
    else:
        return
    assert named is not None
    assert re.match(rf"{name}\b|input\b|tool_choice\b|previous_response_id\b|stream_options\b", named)


def test_a_request_can_be_made_of_the_parts_of_another() -> None:
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    asked = request(input=[USER, search], tools=[{"type": "web_search"}], tool_choice="auto", conversation={"id": "c"})
    parts = {name: getattr(asked, name) for name in asked.model_fields_set}
    assert ResponseRequest.model_validate(parts) == asked


@pytest.mark.parametrize("name", ["HostedItem", "HostedTool"])
def test_readers_are_told_what_clients_send(name: str) -> None:
    schema = ResponseRequest.model_json_schema()["$defs"][name]
    assert (list(schema["properties"]), schema["required"], schema["additionalProperties"]) == (
        ["type"],
        ["type"],
        True,
    )
