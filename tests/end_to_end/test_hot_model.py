"""ossian-nano at temperature 1.5, where it says almost anything: what was asked for is still what comes."""

import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import pytest
from openai import OpenAI
from pydantic import BaseModel, ConfigDict, Field

from tests.served_process import ServedProcess

NUM_TURNS = 16  # of each kind
HOT: dict[str, Any] = {"model": "ossian-nano", "temperature": 1.5, "max_tokens": 1500}
QUESTION: list[Any] = [{"role": "user", "content": "Paint the wall of the kitchen in Oslo, please."}]


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"
    LIGHT_BLUE = "light blue"


class Paint(BaseModel):
    """Paint a wall."""

    model_config = ConfigDict(extra="forbid")

    colour: Colour
    room: str = Field(max_length=30)
    num_coats: int = Field(ge=1, le=3)


PAINT = {"type": "function", "function": {"name": "paint", "parameters": Paint.model_json_schema()}}
STOP_WORK = {"type": "function", "function": {"name": "stop-work", "description": "Do nothing."}}


@pytest.fixture(scope="module")
def client(server: ServedProcess) -> Iterator[OpenAI]:
    with OpenAI(base_url=server.base_url, api_key="none", max_retries=0, timeout=120) as client:
        yield client


def hot_choices(client: OpenAI, **fields: Any) -> list[Any]:
    """Answers to seeds that stay the same; those that are cut off are left out, and must be few."""
    create: Any = client.chat.completions.create
    found = create(
        messages=QUESTION, n=NUM_TURNS, seed=7, extra_body={"reasoning": {"max_tokens": 40}}, **HOT, **fields
    )
    whole = [choice for choice in found.choices if choice.finish_reason != "length"]
    assert len(whole) > NUM_TURNS / 2
    return whole


def test_a_required_call_is_always_made_and_its_arguments_are_valid(client: OpenAI) -> None:
    for choice in hot_choices(client, tools=[PAINT, STOP_WORK], tool_choice="required"):
        assert choice.finish_reason == "tool_calls"
        (call,) = choice.message.tool_calls
        if call.function.name == "paint":
            Paint.model_validate_json(call.function.arguments)
        else:
            assert (call.function.name, json.loads(call.function.arguments)) == ("stop-work", {})


@pytest.mark.parametrize("name", ["paint", "stop-work"])
def test_a_named_function_is_always_the_one(client: OpenAI, name: str) -> None:
    chosen = {"type": "function", "function": {"name": name}}
    for choice in hot_choices(client, tools=[PAINT, STOP_WORK], tool_choice=chosen):
        assert [call.function.name for call in choice.message.tool_calls] == [name]


def test_without_a_choice_of_tools_nothing_is_called(client: OpenAI) -> None:
    for choice in hot_choices(client, tools=[PAINT], tool_choice="none"):
        assert (choice.finish_reason, choice.message.tool_calls) == ("stop", None)


def test_an_answer_is_always_the_pydantic_model(client: OpenAI) -> None:
    for seed in range(NUM_TURNS):
        fields: dict[str, Any] = {**HOT, "messages": QUESTION, "seed": seed, "response_format": Paint}
        answer = client.chat.completions.parse(**fields, extra_body={"reasoning": {"max_tokens": 40}})
        assert isinstance(answer.choices[0].message.parsed, Paint)
