"""OpenAI's own SDK over the Responses API: its helpers check what they get."""

import json
from typing import Any

import pytest
from openai import AsyncOpenAI, OpenAI, pydantic_function_tool
from pydantic import BaseModel

from tests.clients.extraction import MODEL, QUESTION, SHORT_REASONING, SUNNY, TEXT, Contract, Filing

pytestmark = pytest.mark.clients


class GetWeather(BaseModel):
    """The weather in a city."""

    location: str


def weather_tool() -> Any:
    """As the Responses API has a function."""
    made: Any = pydantic_function_tool(GetWeather)
    return {"type": "function", **made["function"]}


@pytest.fixture
def client(base_url: str) -> OpenAI:
    return OpenAI(base_url=base_url, max_retries=0)


@pytest.mark.parametrize("model", [Contract, Filing])
@pytest.mark.parametrize("temperature", [0.0, 1.5])
def test_parse(client: OpenAI, model: type[BaseModel], temperature: float) -> None:
    answer = client.responses.parse(
        model=MODEL,
        input=TEXT,
        text_format=model,
        temperature=temperature,
        max_output_tokens=2000,
        extra_body=SHORT_REASONING,
    )
    assert isinstance(answer.output_parsed, model)


def test_parsed_while_it_streams(client: OpenAI) -> None:
    with client.responses.stream(model=MODEL, input=TEXT, text_format=Contract, temperature=0) as stream:
        kinds = {event.type for event in stream}
        answer = stream.get_final_response()
    assert isinstance(answer.output_parsed, Contract)
    assert {"response.output_text.delta", "response.output_text.done", "response.reasoning_text.delta"} <= kinds


@pytest.mark.parametrize("store", [True, False])
def test_a_tool_loop(client: OpenAI, store: bool) -> None:
    tools: list[Any] = [weather_tool()]
    asked: list[Any] = [{"role": "user", "content": QUESTION}]
    first = client.responses.parse(
        model=MODEL, input=asked, tools=tools, tool_choice="required", temperature=0, store=store
    )
    (call,) = [item for item in first.output if item.type == "function_call"]
    assert json.loads(call.arguments) == call.parsed_arguments
    result = {"type": "function_call_output", "call_id": call.call_id, "output": SUNNY}
    more: dict[str, Any] = {"previous_response_id": first.id} if store else {}
    items: list[Any] = [result] if store else [*asked, *first.output, result]
    last = client.responses.create(
        model=MODEL, input=items, tools=tools, tool_choice="none", temperature=0, store=store, **more
    )
    assert last.output_text


def test_a_call_streamed(client: OpenAI) -> None:
    tools: list[Any] = [weather_tool()]
    with client.responses.stream(
        model=MODEL, input=QUESTION, tools=tools, tool_choice="required", temperature=0
    ) as stream:
        done = [event for event in stream if event.type == "response.function_call_arguments.done"]
    assert [json.loads(event.arguments).keys() for event in done] == [{"location"}]


async def test_a_websocket(base_url: str) -> None:
    client = AsyncOpenAI(base_url=base_url, max_retries=0)
    events: list[Any] = []
    async with client.responses.connect() as connection:
        await connection.response.create(model=MODEL, input="What is the capital of France?", temperature=0)
        async for event in connection:
            events.append(event)
            if event.type == "response.completed":
                break
    assert "Paris" in events[-1].response.output_text
