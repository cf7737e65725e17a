"""The response object, from its first moment to its last.

`response_body` has every field that OpenAI's schema and Open Responses require; the functions below it make the
finished ones. What was accepted but not honoured is told in `ossian.warnings`, which is there only when there is any.
"""

from collections.abc import Iterable
from typing import Any, Final

from ossian.api.errors import INTERNAL_ERROR
from ossian.api.fields import JsonObject
from ossian.api.head import Head
from ossian.api.responses.notices import Notice
from ossian.api.responses.open_items import IN_PROGRESS, INCOMPLETE
from ossian.api.responses.schema import ResponseRequest
from ossian.errors import EngineOverloadedError, OssianError, RequestError

_ECHOED: Final[dict[str, Any]] = {  # as they were asked for, or else their defaults
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
    "reasoning": {},
    "safety_identifier": None,
    "store": True,
    "temperature": 1.0,
    "text": {},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
_TERMINAL_EVENTS: Final = {
    "completed": "response.completed",
    "incomplete": "response.incomplete",
    "failed": "response.failed",
    "cancelled": "response.incomplete",  # neither specification has an event of its own for it
}


def response_body(
    request: ResponseRequest,
    head: Head,
    *,
    store: bool,
    default_temperature: float = 1.0,
    status: str = IN_PROGRESS,
    notices: Iterable[Notice] = (),
) -> JsonObject:
    """Return the response to a request before anything is generated.

    `store` is what the server decided, and `default_temperature` is the model's: the request may leave both open.
    """
    asked = request.model_dump(mode="json", by_alias=True, exclude_unset=True, include=set(_ECHOED))
    defaults = {**_ECHOED, "temperature": default_temperature}
    echo = {name: default if asked.get(name) is None else asked[name] for name, default in defaults.items()}
    body = {
        "id": head.id,
        "object": "response",
        "created_at": head.created,
        "status": status,
        "completed_at": None,
        "error": None,
        "incomplete_details": None,
        "model": head.model,
        "output": [],
        "usage": None,
        "service_tier": "default",
        **echo,
        "store": store,
        "conversation": _conversation(echo["conversation"]),
        "reasoning": _reasoning(echo["reasoning"]),
        "text": _text(echo["text"]),
        "tool_choice": _tool_choice(echo["tool_choice"]),
        "tools": [_tool(tool) for tool in echo["tools"]],
    }
    if body["user"] is None:
        del body["user"]  # OpenAI's schema has no null here
    warnings = [{"code": each.code, "param": each.param, "message": each.message} for each in notices]
    return body | {"ossian": {"warnings": warnings}} if warnings else body


def completed(body: JsonObject, completed_at: int) -> JsonObject:
    """Return a response whose turn has finished by itself, at this time in Unix seconds."""
    return body | {"status": "completed", "completed_at": completed_at}


def incomplete(body: JsonObject) -> JsonObject:
    """Return a response whose turn was cut off at the most tokens it may have."""
    return body | {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}


def failed(body: JsonObject, error: JsonObject) -> JsonObject:
    """Return a response that ended because of an error, which `response_error` makes."""
    return _unfinished(body) | {"status": "failed", "error": error}


def cancelled(body: JsonObject) -> JsonObject:
    """Return a response that its caller cancelled."""
    return _unfinished(body) | {"status": "cancelled"}


def terminal_event(body: JsonObject) -> JsonObject:
    """Return the last event of a finished response's stream."""
    return {"type": _TERMINAL_EVENTS[body["status"]], "response": body}


def response_error(error: Exception) -> JsonObject:
    """Return the `error` of a failed response. Its codes are OpenAI's, which are few."""
    if isinstance(error, RequestError):
        return {"code": "invalid_prompt", "message": error.message}
    if isinstance(error, EngineOverloadedError):
        return {"code": "rate_limit_exceeded", "message": str(error)}
    return {"code": "server_error", "message": str(error) if isinstance(error, OssianError) else INTERNAL_ERROR}


def _unfinished(body: JsonObject) -> JsonObject:
    """A response as it would be without its end; what is half-written stays, as incomplete."""
    output = [item | {"status": INCOMPLETE} if item.get("status") == IN_PROGRESS else item for item in body["output"]]
    return body | {"completed_at": None, "incomplete_details": None, "output": output}


def _conversation(value: str | JsonObject | None) -> JsonObject | None:
    return {"id": value} if isinstance(value, str) else value


def _reasoning(asked: JsonObject) -> JsonObject:
    summary = asked.get("summary") or asked.get("generate_summary")
    return {"effort": asked.get("effort") or "medium", "summary": summary}


def _text(asked: JsonObject) -> JsonObject:
    return {"format": _format(asked.get("format") or {}), "verbosity": asked.get("verbosity") or "medium"}


def _format(asked: JsonObject) -> JsonObject:
    return {"type": "text"} | _given(asked)


def _tool_choice(asked: str | JsonObject) -> str | JsonObject:
    if isinstance(asked, str):
        return asked
    if asked["type"] == "namespace":  # which OpenAI's schema can only say so
        return {"type": "allowed_tools", "mode": "required", "tools": [asked]}
    return {"mode": "auto"} | asked if asked["type"] == "allowed_tools" else _given(asked)


def _tool(asked: JsonObject) -> JsonObject:
    """A tool with all the fields that the schemas require of its type."""
    match asked["type"]:
        case "function":
            return {"description": None, "parameters": None, "strict": None} | _given(asked)
        case "namespace":
            return {"description": ""} | _given(asked) | {"tools": [_tool(tool) for tool in asked["tools"]]}
        case "custom":
            return _given(asked)
        case _:
            return asked


def _given(asked: JsonObject) -> JsonObject:
    return {name: value for name, value in asked.items() if value is not None}
