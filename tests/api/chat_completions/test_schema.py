import json
from typing import Any

import pytest

from ossian.api.chat_completions.schema import ChatCompletionRequest
from ossian.api.efforts import EFFORTS
from ossian.api.validation import parse
from ossian.errors import InvalidRequestError
from ossian.harmony.messages import ReasoningEffort

MESSAGES = [{"role": "user", "content": "Hi"}]
FUNCTION = {"name": "add", "parameters": {"type": "object"}}
TOOL = {"type": "function", "function": FUNCTION}
LARK = {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: <|end|>"}}
SPEAKS_HARMONY = {"type": "custom", "custom": {"name": "raw", "format": LARK}}


def request(**fields: Any) -> ChatCompletionRequest:
    return parse(json.dumps({"model": "m", "messages": MESSAGES, **fields}).encode(), ChatCompletionRequest)


def refusal(**fields: Any) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        request(**fields)
    return caught.value


HARMLESS: dict[str, Any] = {
    "user": "me",
    "metadata": {"a": "b"},
    "safety_identifier": "me",
    "prompt_cache_key": "k",
    "prompt_cache_retention": "24h",
    "prompt_cache_options": {},
    "service_tier": "flex",
    "store": True,
    "verbosity": "low",
    "prediction": {"type": "content", "content": "x"},
    "parallel_tool_calls": False,
    "provider": "auto",
    "echo": False,
    "top_a": 0.0,
    "modalities": ["text"],
    "response_format": {"type": "text"},
    "stream": False,
    "logprobs": False,
    "top_logprobs": 0,
    "tools": [],
    "tool_choice": "none",
    "reasoning": {},
}


# The parameters of OpenAI's API description, CreateChatCompletionRequest.
OPENAI = """audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens
messages
metadata modalities model moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key
prompt_cache_options prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier stop
store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity web_search_options"""


def test_every_parameter_of_openai_is_known() -> None:
    assert set(OPENAI.split()) - set(ChatCompletionRequest.model_fields) == set()


@pytest.mark.parametrize("name", HARMLESS)
def test_parameters_that_change_nothing_are_accepted(name: str) -> None:
    assert getattr(request(**{name: HARMLESS[name]}), name) is not None


@pytest.mark.parametrize("name", sorted(set(ChatCompletionRequest.model_fields) - {"model", "messages"}))
def test_null_means_not_given(name: str) -> None:
    assert getattr(request(**{name: None}), name) is None


@pytest.mark.parametrize(
    "fields, param, message",
    [
        ({"max_tokens": 5, "max_completion_tokens": 6}, "max_tokens", "Send only 'max_completion_tokens'"),
        ({"top_logprobs": 2}, "top_logprobs", "needs 'logprobs' to be true"),
        ({"top_logprobs": 2, "logprobs": False}, "top_logprobs", "needs 'logprobs' to be true"),
        ({"stream_options": {"include_usage": True}}, "stream_options", "needs 'stream' to be true"),
        ({"stream": False, "stream_options": {}}, "stream_options", "needs 'stream' to be true"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema", "needs 'json_schema'"),
        (
            {"response_format": {"type": "text", "json_schema": {"name": "a", "schema": {}}}},
            "response_format.json_schema",
            "has no use for 'json_schema'",
        ),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "a b"}}},
            "response_format.json_schema.name",
            "1 to 64 of the characters",
        ),
        ({"functions": [], "tools": []}, "functions", "the older form of 'tools'"),
        ({"function_call": "auto", "tool_choice": "auto"}, "function_call", "the older form of 'tool_choice'"),
        ({"functions": [FUNCTION, FUNCTION]}, "functions[1].name", "two tools 'add'"),
        ({"functions": [FUNCTION], "function_call": {"name": "sub"}}, "function_call", "'sub' in functions"),
        ({"reasoning_effort": "low", "reasoning": {"effort": "high"}}, "reasoning.effort", "Send only one"),
        ({"tools": [TOOL, TOOL]}, "tools[1].function.name", "two tools 'add'"),
        ({"tool_choice": "required"}, "tool_choice", "there are no tools"),
        ({"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "sub"}}}, "tool_choice", "'sub'"),
        ({"tools": [TOOL], "tool_choice": "always"}, "tool_choice", "expected 'none', 'auto' or 'required'"),
        ({"tools": [TOOL], "tool_choice": 5}, "tool_choice", "of type 'function', 'custom' or 'allowed_tools'"),
        ({"tools": [TOOL] * 129}, "tools", "at most 128 items"),
        ({"tools": [{"type": "mcp"}]}, "tools[0].type", "type 'function' or 'custom'"),
        ({"tools": [{"type": "custom", "custom": {}}]}, "tools[0].custom.name", "Missing required parameter"),
        (
            {"tools": [TOOL], "tool_choice": {"type": "custom", "custom": {"name": "add"}}},
            "tool_choice",
            "no custom tool 'add'",
        ),
        ({"tools": [SPEAKS_HARMONY]}, "tools[0].custom.format.grammar.definition", "'<|end|>' is no part"),
        ({"tools": [{"type": "function"}]}, "tools[0].function", "Missing required parameter"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name", "Missing required parameter"),
    ],
)
def test_parameters_that_do_not_agree(fields: dict[str, Any], param: str, message: str) -> None:
    error = refusal(**fields)
    assert error.param == param
    assert message in error.message


@pytest.mark.parametrize("name", ["", "a b", "a.b", "ä", "a" * 65, "a\n", "<|call|>"])
def test_a_function_name_is_of_letters_digits_and_lines(name: str) -> None:
    tool = {"type": "function", "function": {"name": name}}
    assert refusal(tools=[tool]).param == "tools[0].function.name"


def test_equal_limits_do_not_disagree() -> None:
    assert request(max_tokens=5, max_completion_tokens=5).max_tokens == 5


@pytest.mark.parametrize("effort", EFFORTS)
def test_every_effort_of_openai_is_served_as_one_of_the_models(effort: str) -> None:
    expected = {"medium": "medium", "high": "high", "xhigh": "high", "max": "high"}.get(effort, "low")
    assert request(reasoning_effort=effort).effort == expected
    assert request(reasoning={"effort": effort}).effort == expected
    assert request(reasoning_effort=effort, reasoning={"effort": effort}).effort == expected


def test_the_default_effort_is_medium() -> None:
    assert request().effort is ReasoningEffort.MEDIUM
    assert request(reasoning={"exclude": True}).effort is ReasoningEffort.MEDIUM


def test_what_has_no_effect_here_is_known() -> None:
    assert request(echo=True, top_a=0.5, provider="openai").without_effect == ["echo", "top_a"]
    assert request(echo=False, top_a=0.0).without_effect == []
