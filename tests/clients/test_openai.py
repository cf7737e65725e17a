import json
from typing import Any

import pytest
from openai import OpenAI, pydantic_function_tool
from pydantic import BaseModel

from tests.clients.extraction import MODEL, QUESTION, SHORT_REASONING, SUNNY, TEXT, Contract, Filing

pytestmark = pytest.mark.clients
USER: list[Any] = [{"role": "user", "content": TEXT}]


class GetWeather(BaseModel):
    """The weather in a city."""

    location: str


@pytest.fixture
def client(base_url: str) -> OpenAI:
    return OpenAI(base_url=base_url, max_retries=0)


@pytest.mark.parametrize("model", [Contract, Filing])
@pytest.mark.parametrize("temperature", [0.0, 1.5])
def test_parse(client: OpenAI, model: type[BaseModel], temperature: float) -> None:
    answer = client.chat.completions.parse(
        model=MODEL,
        messages=USER,
        response_format=model,
        temperature=temperature,
        seed=1,
        max_tokens=2000,
        extra_body=SHORT_REASONING,
    )
    assert isinstance(answer.choices[0].message.parsed, model)


def test_parsed_while_it_streams(client: OpenAI) -> None:
    with client.chat.completions.stream(model=MODEL, messages=USER, response_format=Contract, temperature=0) as stream:
        kinds = [event.type for event in stream]
        answer = stream.get_final_completion()
    assert isinstance(answer.choices[0].message.parsed, Contract)
    assert {"content.delta", "content.done"} <= set(kinds)


def test_a_strict_tool_is_parsed_and_its_result_answered(client: OpenAI) -> None:
    tools: list[Any] = [pydantic_function_tool(GetWeather)]
    asked: list[Any] = [{"role": "user", "content": QUESTION}]
    first = client.chat.completions.parse(
        model=MODEL, messages=asked, tools=tools, tool_choice="required", temperature=0, max_tokens=500
    )
    call = (first.choices[0].message.tool_calls or [])[0]
    assert isinstance(call.function.parsed_arguments, GetWeather)
    result = {"role": "tool", "tool_call_id": call.id, "content": SUNNY}
    messages: list[Any] = [*asked, first.choices[0].message.model_dump(exclude_none=True), result]
    last = client.chat.completions.create(
        model=MODEL, messages=messages, tools=tools, tool_choice="none", temperature=0
    )
    assert last.choices[0].message.content


def test_tool_calls_streamed(client: OpenAI) -> None:
    tools: list[Any] = [pydantic_function_tool(GetWeather)]
    asked: list[Any] = [{"role": "user", "content": QUESTION}]
    with client.chat.completions.stream(
        model=MODEL, messages=asked, tools=tools, tool_choice="required", temperature=0
    ) as stream:
        done = [event for event in stream if event.type == "tool_calls.function.arguments.done"]
    assert [json.loads(event.arguments).keys() for event in done] == [{"location"}]
