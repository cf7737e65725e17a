"""Every kind of response of the model that ships, in every dialect, whole and streamed, against both specifications."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from ossian.api.responses.dialects import DIALECTS, Dialect
from tests.served_process import ServedProcess
from tests.specs.validators import check_item, check_response, check_stream, read_stream

pytestmark = pytest.mark.slow

Json = dict[str, Any]

MODEL = "gpt-oss-20b"
HEADERS: dict[Dialect, dict[str, str]] = {
    "openai": {},
    "open-responses": {"OpenResponses-Version": "2026-04-24"},
    "summary": {"x-ossian-reasoning-events": "summary"},
}
CITY = {"type": "object", "properties": {"city": {"type": "string", "maxLength": 20}}, "required": ["city"]}
WEATHER = {"type": "function", "name": "get_weather", "parameters": CITY}
NAMESPACE = {"type": "namespace", "name": "mcp_weather", "description": "Weather.", "tools": [WEATHER]}
SQL = {
    "type": "custom",
    "name": "sql",
    "format": {"type": "grammar", "syntax": "regex", "definition": "SELECT [a-z]{1,9}"},
}
REQUESTS: dict[str, Json] = {
    "an answer": {"input": "What is the capital of France?"},
    "an answer with everything said about it": {
        "input": [{"role": "user", "content": "Hello!"}],
        "include": ["message.output_text.logprobs", "reasoning.encrypted_content"],
        "top_logprobs": 2,
        "metadata": {"a": "b"},
        "user": "u",
        "instructions": "Be brief.",
        "reasoning": {"effort": "high", "summary": "auto"},
        "truncation": "auto",
        "service_tier": "flex",
        "prompt_cache_key": "k",
        "safety_identifier": "s",
        "text": {"verbosity": "low"},
    },
    "JSON": {
        "input": "Anna lives in Oslo.",
        "text": {"format": {"type": "json_schema", "name": "place", "schema": CITY, "strict": False}},
    },
    "any JSON": {"input": "Anna lives in Oslo. Answer in JSON.", "text": {"format": {"type": "json_object"}}},
    "a function call": {"input": "The weather in Paris?", "tools": [WEATHER], "tool_choice": "required"},
    "a call in a namespace": {
        "input": "The weather in Paris?",
        "tools": [NAMESPACE],
        "tool_choice": {"type": "function", "namespace": "mcp_weather", "name": "get_weather"},
    },
    "a custom call": {"input": "Ask.", "tools": [SQL], "tool_choice": {"type": "custom", "name": "sql"}},
    "allowed tools": {
        "input": "The weather in Paris?",
        "tools": [WEATHER, SQL],
        "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "custom", "name": "sql"}]},
    },
    "hosted tools": {"input": "Hello!", "tools": [{"type": "web_search"}, {"type": "image_generation"}]},
    "a cut in the reasoning": {"input": "Explain gravity.", "max_output_tokens": 5},
    "a cut in the answer": {"input": "Explain gravity.", "max_output_tokens": 60},
    "a cut in a call": {
        "input": "The weather in Paris?",
        "tools": [WEATHER],
        "tool_choice": "required",
        "reasoning": {"max_tokens": 3},
        "max_output_tokens": 16,
    },
}


@pytest.fixture(scope="module")
def http(server: ServedProcess) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=server.base_url, trust_env=False, timeout=100) as client:
        yield client


def post(http: httpx2.Client, dialect: Dialect, **fields: Any) -> httpx2.Response:
    body = {"model": MODEL, "temperature": 0, "max_output_tokens": 400, **fields}
    answer = http.post("/responses", json=body, headers=HEADERS[dialect])
    assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_whole_streamed_and_fetched(http: httpx2.Client, dialect: Dialect, name: str) -> None:
    streamed = check_stream(read_stream(post(http, dialect, **REQUESTS[name], stream=True).text), dialect)
    whole = post(http, dialect, **REQUESTS[name]).json()
    check_response(whole, dialect)
    assert kinds(whole) == kinds(streamed)
    assert "cut" not in name or whole["status"] == "incomplete"
    fetched = http.get(f"/responses/{streamed['id']}", headers=HEADERS[dialect]).json()
    assert fetched == streamed
    items = http.get(f"/responses/{streamed['id']}/input_items", headers=HEADERS[dialect]).json()
    check_response(items, dialect)


def kinds(response: Json) -> list[str]:
    return [item["type"] for item in response["output"]]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_in_the_background_and_again(http: httpx2.Client, dialect: Dialect) -> None:
    first = post(http, dialect, input="Hello!", background=True, stream=True).text
    response = check_stream(read_stream(first), dialect)
    again = http.get(f"/responses/{response['id']}?stream=true", headers=HEADERS[dialect]).text
    assert again == first
    for other in DIALECTS:
        told = http.get(f"/responses/{response['id']}?stream=true", headers=HEADERS[other]).text
        check_stream(read_stream(told), other)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_came_goes_back_in(http: httpx2.Client, dialect: Dialect) -> None:
    """A client of any dialect sends the items as it got them."""
    for tools, choice in (([WEATHER], "required"), ([SQL], {"type": "custom", "name": "sql"})):
        asked = [{"role": "user", "content": "The weather in Paris?"}]
        came = post(http, dialect, input=asked, tools=tools, tool_choice=choice, store=False).json()["output"]
        for item in came:
            check_item(item, dialect)
        (call,) = [item for item in came if "call_id" in item]
        result = {"type": "function_call_output", "call_id": call["call_id"], "output": "sunny"}
        check_response(post(http, dialect, input=[*asked, *came, result], tools=tools, store=False).json(), dialect)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_compaction(http: httpx2.Client, dialect: Dialect) -> None:
    body = {"model": MODEL, "input": "Hello!"}
    compacted = http.post("/responses/compact", json=body, headers=HEADERS[dialect]).json()
    check_response(compacted, dialect)
    more = [*compacted["output"], {"role": "user", "content": "Hello again!"}]
    check_response(post(http, dialect, input=more).json(), dialect)
