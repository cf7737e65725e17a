"""Requests for responses, as tests send them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from ossian.api.fields import JsonObject
from ossian.api.responses.items import InputItem, item_bodies, parse_items
from ossian.api.responses.schema import ResponseRequest
from ossian.api.validation import parse
from ossian.errors import InvalidRequestError
from tests.repository import ROOT

FIXTURES: Final = ROOT / "tests" / "fixtures"
CODEX_FIRST: Final = FIXTURES / "codex_0.169.0_first_request.json"
CODEX_SECOND: Final = FIXTURES / "codex_0.169.0_second_request_after_tool_call.json"

TOOLS_OF_CODEX: Final = [
    *("exec_command", "write_stdin", "request_user_input", "view_image"),
    *(f"multi_agent_v1__{name}" for name in ("close_agent", "resume_agent", "send_input", "spawn_agent", "wait_agent")),
    *("get_goal", "create_goal", "update_goal"),
]

USER: Final[JsonObject] = {"role": "user", "content": "Hi"}
ANSWER: Final[JsonObject] = {"role": "assistant", "content": "Hello."}
WEB_SEARCH: Final[JsonObject] = {"type": "web_search", "external_web_access": False}


def request(**fields: Any) -> ResponseRequest:
    return parse(json.dumps({"model": "m", "input": "Hi", **fields}).encode(), ResponseRequest)


def refusal(**fields: Any) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        request(**fields)
    return caught.value


def of_file(path: Path) -> ResponseRequest:
    return parse(path.read_bytes(), ResponseRequest)


def counted() -> Callable[[str], str]:
    """Ids 0, 1, 2 … after their prefixes."""
    numbers = iter(range(10_000))
    return lambda prefix: f"{prefix}{next(numbers)}"


def bodies(*items: JsonObject | str) -> list[JsonObject]:
    """Items as the API lists them."""
    return item_bodies(parsed(*items), counted())


def parsed(*items: JsonObject | str) -> list[InputItem]:
    return parse_items(json.loads(json.dumps(items)))


def call(call_id: str = "c", name: str = "add", arguments: Any = "{}", **fields: Any) -> JsonObject:
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments, **fields}


def output(call_id: str = "c", text: Any = "5", **fields: Any) -> JsonObject:
    return {"type": "function_call_output", "call_id": call_id, "output": text, **fields}


def reasoning(text: str = "Hm.", **fields: Any) -> JsonObject:
    content = [{"type": "reasoning_text", "text": text}]
    return {"type": "reasoning", "id": "rs_1", "summary": [], "content": content, **fields}


def developer(text: str) -> JsonObject:
    return {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": text}]}


def function(name: str, **fields: Any) -> JsonObject:
    return {"type": "function", "name": name, **fields}


def custom(name: str, **fields: Any) -> JsonObject:
    return {"type": "custom", "name": name, **fields}


def namespace(name: str, *tools: JsonObject, **fields: Any) -> JsonObject:
    return {"type": "namespace", "name": name, "tools": list(tools), **fields}
