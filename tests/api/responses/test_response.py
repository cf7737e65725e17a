from typing import Any

import pytest

from ossian.api.fields import JsonObject
from ossian.api.responses.dialects import DIALECTS, Dialect, translated
from ossian.api.responses.notices import Notice
from ossian.api.responses.response import (
    cancelled,
    completed,
    failed,
    incomplete,
    response_body,
    response_error,
    terminal_event,
)
from ossian.api.responses.schema import ResponseRequest
from ossian.errors import EngineError, InvalidRequestError
from tests.api.responses.made_streams import HEAD, NOW, STOP, body, stream_of
from tests.specs.validators import check_response

FUNCTION = {"type": "function", "name": "add", "parameters": {"type": "object", "properties": {}}, "strict": True}
GRAMMAR = {"type": "grammar", "syntax": "lark", "definition": 'start: "a"'}
CUSTOM = {"type": "custom", "name": "patch", "description": "Patch.", "format": GRAMMAR}
NAMESPACE = {"type": "namespace", "name": "files", "description": "Files.", "tools": [FUNCTION, CUSTOM]}
HOSTED = {"type": "web_search", "external_web_access": False}
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": False}
FORM = {"type": "json_schema", "name": "sum", "schema": SCHEMA}


def test_a_new_response_has_every_field_with_its_default() -> None:
    assert body() == {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_763_680_000,
        "status": "in_progress",
        "completed_at": None,
        "error": None,
        "incomplete_details": None,
        "model": "openai/gpt-oss-20b",
        "output": [],
        "usage": None,
        "service_tier": "default",
        "background": False,
        "conversation": None,
        "frequency_penalty": 0.0,
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "presence_penalty": 0.0,
        "previous_response_id": None,
        "prompt": None,
        "prompt_cache_key": None,
        "reasoning": {"effort": "medium", "summary": None},
        "safety_identifier": None,
        "store": True,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
    }


REQUESTS: list[JsonObject] = [
    {},
    dict.fromkeys(("instructions", "metadata", "reasoning", "text", "tool_choice", "tools", "user", "top_p")),
    {"background": True, "conversation": "conv_1", "metadata": {"a": "b"}, "user": "u", "safety_identifier": "s"},
    {"conversation": {"id": "conv_1"}, "instructions": "Be brief.", "max_output_tokens": 9, "max_tool_calls": 1},
    {"previous_response_id": "resp_0", "parallel_tool_calls": False, "prompt_cache_key": "k", "temperature": 0},
    {"prompt": {"id": "pmpt_1", "version": "2", "variables": {"a": "b", "c": {"type": "input_text", "text": "d"}}}},
    {"prompt": {"id": "pmpt_1", "version": None}, "top_p": 0.5, "truncation": "auto", "top_logprobs": 3},
    {"reasoning": {"effort": "minimal", "summary": "auto"}, "service_tier": "flex", "frequency_penalty": 1},
    {"reasoning": {"effort": "max", "generate_summary": "concise"}, "presence_penalty": -0.5},
    {"reasoning": {"effort": None, "max_tokens": 10}, "text": {"verbosity": "low"}},
    {"text": {"format": {"type": "json_object"}}},
    {"text": {"format": FORM}},
    {"text": {"format": {**FORM, "description": None, "strict": None}}},
    {"text": {"format": {**FORM, "description": "A sum.", "strict": True}}},
    {"tools": [FUNCTION, CUSTOM, NAMESPACE, HOSTED], "tool_choice": "required"},
    {"tools": [{"type": "function", "name": "a", "description": None, "defer_loading": None}], "tool_choice": "none"},
    {"tools": [{"type": "custom", "name": "a", "description": None, "format": None}]},
    {"tools": [{"type": "namespace", "name": "a", "tools": [{"type": "function", "name": "b"}]}]},
    {"tools": [FUNCTION], "tool_choice": {"type": "function", "name": "add"}},
    {"tools": [CUSTOM], "tool_choice": {"type": "custom", "name": "patch", "namespace": None}},
    {"tools": [NAMESPACE], "tool_choice": {"type": "function", "name": "add", "namespace": "files"}},
    {"tools": [NAMESPACE], "tool_choice": {"type": "custom", "name": "patch", "namespace": "files"}},
    {"tools": [NAMESPACE], "tool_choice": {"type": "namespace", "name": "files"}},
    {
        "tools": [FUNCTION, CUSTOM],
        "tool_choice": {"type": "allowed_tools", "tools": [{"type": "function", "name": "add"}]},
    },
    {
        "tools": [FUNCTION, CUSTOM],
        "tool_choice": {
            "type": "allowed_tools",
            "mode": "required",
            "tools": [{"type": "function", "name": "add"}, {"type": "custom", "name": "patch"}],
        },
    },
]


@pytest.mark.parametrize("fields", REQUESTS, ids=",".join)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_request_is_echoed_as_the_specifications_want_it(fields: JsonObject, dialect: Dialect) -> None:
    check_response(translated(body(**fields), dialect), dialect)


@pytest.mark.parametrize(
    "fields, echo",
    [
        ({"conversation": "conv_1"}, {"conversation": {"id": "conv_1"}}),
        ({"user": "u"}, {"user": "u"}),
        ({"temperature": 0}, {"temperature": 0}),
        ({"instructions": ""}, {"instructions": ""}),
        ({"service_tier": "flex"}, {"service_tier": "default"}),  # which is what was served
        ({"reasoning": {"effort": "high"}}, {"reasoning": {"effort": "high", "summary": None}}),
        ({"reasoning": {"generate_summary": "auto"}}, {"reasoning": {"effort": "medium", "summary": "auto"}}),
        ({"text": {"format": FORM}}, {"text": {"format": FORM, "verbosity": "medium"}}),
        ({"tools": [FUNCTION]}, {"tools": [{**FUNCTION, "description": None}]}),
        ({"tools": [HOSTED]}, {"tools": [HOSTED]}),
        (
            {"tools": [NAMESPACE]},
            {"tools": [{**NAMESPACE, "tools": [{**FUNCTION, "description": None}, CUSTOM]}]},
        ),
        ({"seed": 1, "include": []}, {}),
    ],
    ids=str,
)
def test_what_was_asked_for_is_echoed(fields: JsonObject, echo: JsonObject) -> None:
    assert body(**fields) == body() | echo


def test_whether_it_is_stored_is_the_servers_decision() -> None:
    request = ResponseRequest.model_validate({"model": "m", "input": "Hi", "store": True})
    assert response_body(request, HEAD, store=False)["store"] is False


@pytest.mark.parametrize("asked, told", [({}, 0.5), ({"temperature": None}, 0.5), ({"temperature": 0}, 0)])
def test_the_temperature_is_the_models_unless_asked_for(asked: JsonObject, told: float) -> None:
    request = ResponseRequest.model_validate({"model": "m", "input": "Hi", **asked})
    assert response_body(request, HEAD, store=True, default_temperature=0.5)["temperature"] == told


def test_what_was_not_honoured_is_told() -> None:
    request = ResponseRequest.model_validate({"model": "m", "input": "Hi"})
    told = response_body(request, HEAD, store=True, notices=[Notice("tool_left_out", "tools[0]", "Because.")])
    assert told == body() | {
        "ossian": {"warnings": [{"code": "tool_left_out", "param": "tools[0]", "message": "Because."}]}
    }
    for dialect in DIALECTS:
        check_response(translated(told, dialect), dialect)


ITEM = {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "n", "arguments": "", "status": "in_progress"}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_ends_are_what_the_specifications_say(dialect: Dialect) -> None:
    usage: Any = {
        "input_tokens": 1,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 1},
        "output_tokens": 1,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 2,
    }
    done = body() | {"output": [ITEM | {"status": "completed"}], "usage": usage}
    open_body = body() | {"output": [ITEM]}
    ends = [
        completed(done, NOW),
        incomplete(done),
        failed(open_body, response_error(EngineError("Gone."))),
        cancelled(open_body),
    ]
    for end in ends:
        check_response(translated(end, dialect), dialect)
    assert [end["output"][0]["status"] for end in ends] == ["completed", "completed", "incomplete", "incomplete"]
    assert open_body["output"] == [ITEM]
    assert [terminal_event(end)["type"].removeprefix("response.") for end in ends] == [
        "completed",
        "incomplete",
        "failed",
        "incomplete",
    ]


@pytest.mark.parametrize("end", [completed(body(), NOW), incomplete(body())], ids=["completed", "incomplete"])
def test_what_could_not_be_stored_has_failed_after_all(end: JsonObject) -> None:
    usage = stream_of([STOP])[-1]["response"]["usage"]
    check_response(failed(end | {"usage": usage}, response_error(EngineError("Not stored."))))


def test_an_error_says_no_more_than_it_may() -> None:
    assert response_error(InvalidRequestError("Bad.")) == {"code": "invalid_prompt", "message": "Bad."}
    assert response_error(EngineError("Gone.")) == {"code": "server_error", "message": "Gone."}
    assert "secret" not in response_error(KeyError("secret"))["message"]
