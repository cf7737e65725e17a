from typing import Any

import pytest
from pydantic import BaseModel

from ossian.api.capabilities import check_capabilities, with_output_limit
from ossian.api.chat_completions.schema import ChatCompletionRequest
from ossian.api.completions.schema import CompletionRequest
from ossian.api.responses.schema import ResponseRequest
from ossian.engine.base import SamplingParams
from ossian.errors import InvalidRequestError
from ossian.settings import DeclaredModel

CAPABLE = DeclaredModel(id="able")
INCAPABLE = DeclaredModel.model_validate(
    {
        "id": "unable",
        "max_output_tokens": 100,
        "capabilities": dict.fromkeys(("reasoning", "function_calling", "structured_outputs", "streaming"), False),
    }
)
FUNCTION = {"name": "f", "parameters": {"type": "object", "properties": {}}}
CITY = {"type": "object", "properties": {"city": {"type": "string"}}}


def chat(**fields: Any) -> BaseModel:
    return ChatCompletionRequest.model_validate(
        {"model": "m", "messages": [{"role": "user", "content": "Hi"}], **fields}
    )


def completion(**fields: Any) -> BaseModel:
    return CompletionRequest.model_validate({"model": "m", "prompt": "Hi", **fields})


def response(**fields: Any) -> BaseModel:
    return ResponseRequest.model_validate({"model": "m", "input": "Hi", **fields})


@pytest.mark.parametrize(
    "request_, param, reason",
    [
        (chat(tools=[{"type": "function", "function": FUNCTION}]), "tools", "cannot call tools"),
        (chat(functions=[FUNCTION]), "functions", "cannot call tools"),
        (response(tools=[{"type": "function", **FUNCTION}]), "tools", "cannot call tools"),
        (chat(stream=True), "stream", "does not stream its answers"),
        (completion(stream=True), "stream", "does not stream its answers"),
        (response(stream=True), "stream", "does not stream its answers"),
        (chat(reasoning_effort="low"), "reasoning_effort", "does not reason"),
        (chat(reasoning={"effort": "low"}), "reasoning", "does not reason"),
        (response(reasoning={"effort": "low"}), "reasoning", "does not reason"),
        (chat(response_format={"type": "json_object"}), "response_format", "has no structured outputs"),
        (
            response(text={"format": {"type": "json_schema", "name": "n", "schema": CITY}}),
            "text",
            "has no structured outputs",
        ),
        (chat(max_tokens=101), "max_tokens", "'max_tokens' is 101, but the model 'unable' writes at most 100 tokens"),
        (chat(max_completion_tokens=101), "max_completion_tokens", "at most 100 tokens"),
        (completion(max_tokens=101), "max_tokens", "at most 100 tokens"),
        (response(max_output_tokens=101), "max_output_tokens", "at most 100 tokens"),
    ],
)
def test_what_a_model_cannot_do_is_refused(request_: BaseModel, param: str, reason: str) -> None:
    check_capabilities(request_, CAPABLE)
    with pytest.raises(InvalidRequestError, match=reason) as raised:
        check_capabilities(request_, INCAPABLE)
    assert raised.value.param == param
    assert "'unable'" in raised.value.message


@pytest.mark.parametrize(
    "request_",
    [
        chat(stream=False, response_format={"type": "text"}, tools=[], max_tokens=100),
        completion(),
        response(text={"format": {"type": "text"}}),
        response(text={}),
    ],
)
def test_what_needs_nothing_is_not_refused(request_: BaseModel) -> None:
    check_capabilities(request_, INCAPABLE)


@pytest.mark.parametrize(
    "asked, room, most",
    [(None, 1000, 100), (None, 100, None), (None, 50, None), (50, 1000, 50), (1000, 1000, 100), (0, 1000, 0)],
)
def test_a_turn_ends_where_the_longest_output_does(asked: int | None, room: int, most: int | None) -> None:
    assert with_output_limit(SamplingParams(max_tokens=asked), INCAPABLE, room).max_tokens == most


def test_without_a_longest_output_nothing_changes() -> None:
    params = SamplingParams(max_tokens=7)
    assert with_output_limit(params, CAPABLE, 1000) is params
