"""Constrained decoding as a client sees it: whatever the model would say, the answer is what was asked for.

The engine draws random tokens, so nothing is right by luck.
"""

import json
import re
from collections.abc import Iterator
from enum import StrEnum
from random import Random
from typing import Any

import pytest
from openai import OpenAI
from pydantic import BaseModel, ConfigDict

from ossian.engine.scripted import MASKED_INFO, ScriptedEngine
from tests.harmony.turn_walks import draw
from tests.server.serving import MODEL, Served, serving

QUESTION: list[Any] = [{"role": "user", "content": "The weather in Paris?"}]
NUM_TURNS = 12


class Unit(StrEnum):
    CELSIUS = "celsius"
    FAHRENHEIT = "fahrenheit"


class Weather(BaseModel):
    model_config = ConfigDict(extra="forbid")

    city: str
    unit: Unit
    days: list[int]


FUNCTION = {"name": "get_weather", "description": "The weather", "parameters": Weather.model_json_schema()}
WEATHER = {"type": "function", "function": FUNCTION}
ROLL = {"type": "function", "function": {"name": "roll-dice"}}
SQL = {
    "type": "custom",
    "custom": {
        "name": "sql",
        "format": {"type": "grammar", "grammar": {"syntax": "regex", "definition": "SELECT [a-z]{1,9}"}},
    },
}


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    random = Random(5)
    engine = ScriptedEngine([], MASKED_INFO, draw=lambda words: draw(random, words))
    with serving(engine) as server:
        yield server


def choices(client: OpenAI, **fields: Any) -> list[Any]:
    asked: Any = client.chat.completions
    body = {"model": MODEL, "messages": QUESTION, "n": NUM_TURNS, "max_tokens": 1500, **fields}
    found = list(asked.create(**body).choices)
    whole = [choice for choice in found if choice.finish_reason != "length"]
    assert len(whole) > NUM_TURNS / 2
    return whole


def test_a_required_call_is_always_made(served: Served) -> None:
    for choice in choices(served.client, tools=[WEATHER, ROLL], tool_choice="required"):
        (call,) = choice.message.tool_calls
        assert choice.finish_reason == "tool_calls"
        if call.function.name == "get_weather":
            Weather.model_validate_json(call.function.arguments)
        else:
            assert (call.function.name, json.loads(call.function.arguments)) == ("roll-dice", {})


@pytest.mark.parametrize("name", ["get_weather", "roll-dice"])
def test_a_named_function_is_always_called(served: Served, name: str) -> None:
    chosen = {"type": "function", "function": {"name": name}}
    for choice in choices(served.client, tools=[WEATHER, ROLL, SQL], tool_choice=chosen):
        assert [call.function.name for call in choice.message.tool_calls] == [name]


def test_allowed_tools_leave_no_other(served: Served) -> None:
    roll = {"type": "function", "function": {"name": "roll-dice"}}
    allowed = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [roll]}}
    for choice in choices(served.client, tools=[WEATHER, ROLL], tool_choice=allowed):
        assert {call.function.name for call in choice.message.tool_calls or ()} <= {"roll-dice"}


def test_without_a_choice_of_tools_there_is_only_text(served: Served) -> None:
    for choice in choices(served.client, tools=[WEATHER], tool_choice="none"):
        assert choice.message.tool_calls is None
        assert choice.finish_reason == "stop"


def test_a_custom_tool_gets_what_its_grammar_allows(served: Served) -> None:
    for choice in choices(served.client, tools=[SQL], tool_choice="required"):
        (call,) = choice.message.tool_calls
        assert (call.type, call.custom.name) == ("custom", "sql")
        assert re.fullmatch("SELECT [a-z]{1,9}", call.custom.input)


def test_a_custom_call_is_streamed_and_may_be_sent_back(served: Served) -> None:
    asked: Any = served.client.chat.completions
    body: dict[str, Any] = {"model": MODEL, "tools": [SQL], "tool_choice": "required", "max_tokens": 1500}
    deltas = [
        call
        for chunk in asked.create(messages=QUESTION, stream=True, reasoning_effort="low", **body)
        for choice in chunk.choices
        for call in choice.delta.tool_calls or ()
    ]
    first, *more = [delta.model_dump(exclude_none=True) for delta in deltas]
    assert (first["type"], first["custom"]) == ("custom", {"name": "sql", "input": ""})
    written = "".join(delta["custom"]["input"] for delta in more)
    called = {"id": first["id"], "type": "custom", "custom": {"name": "sql", "input": written}}
    result = {"role": "tool", "tool_call_id": first["id"], "content": "3"}
    again = [*QUESTION, {"role": "assistant", "content": None, "tool_calls": [called]}, result]
    assert asked.create(messages=again, **body).choices


def test_the_older_functions_are_held_to_their_schemas_too(served: Served) -> None:
    for choice in choices(served.client, functions=[FUNCTION], function_call={"name": "get_weather"}):
        assert choice.finish_reason == "function_call"
        assert choice.message.function_call.name == "get_weather"
        assert choice.message.tool_calls is None
        Weather.model_validate_json(choice.message.function_call.arguments)


def test_an_answer_fits_its_schema(served: Served) -> None:
    form = {"name": "weather", "strict": True, "schema": Weather.model_json_schema()}
    for choice in choices(served.client, response_format={"type": "json_schema", "json_schema": form}):
        Weather.model_validate_json(choice.message.content)


def test_the_sdk_parses_a_pydantic_model(served: Served) -> None:
    for _ in range(NUM_TURNS):
        answer = served.client.chat.completions.parse(
            model=MODEL, messages=QUESTION, response_format=Weather, max_tokens=4000
        )
        assert isinstance(answer.choices[0].message.parsed, Weather)


def test_json_object_is_an_object(served: Served) -> None:
    for choice in choices(served.client, response_format={"type": "json_object"}):
        assert isinstance(json.loads(choice.message.content), dict)


def test_reasoning_can_be_capped(served: Served) -> None:
    for choice in choices(served.client, extra_body={"reasoning": {"max_tokens": 0}}):
        assert getattr(choice.message, "reasoning", None) is None


@pytest.mark.parametrize(
    "fields, param",
    [
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"not": {}}}}},
            "response_format.json_schema.schema.not",
        ),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": {}}}},
            "response_format.json_schema.schema.type",
        ),
        (
            {"tools": [ROLL, {"type": "function", "function": {"name": "a", "parameters": {"type": "string"}}}]},
            "tools[1].function.parameters.type",
        ),
        (
            {
                "tools": [
                    {"type": "function", "function": {"name": "a", "parameters": {"properties": {"b": {"if": {}}}}}}
                ]
            },
            "tools[0].function.parameters.properties.b.if",
        ),
        (
            {"functions": [{"name": "a", "parameters": {"properties": {"b": {"enum": []}}, "required": ["b"]}}]},
            "functions[0].parameters",
        ),
        ({"tools": [ROLL], "ignore_eos": True}, "ignore_eos"),
    ],
)
def test_what_cannot_be_enforced_is_an_error_before_any_token(served: Served, fields: Any, param: str) -> None:
    before = served.engine.stats().num_generated_tokens
    for stream in (False, True):
        answer = served.chat(stream=stream, **fields)
        assert answer.status_code == 400
        assert answer.json()["error"]["param"] == param
    assert served.engine.stats().num_generated_tokens == before


def test_an_answer_that_is_cut_off_says_so(served: Served) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "weather", "schema": Weather.model_json_schema()}}
    body = served.chat(response_format=form, max_tokens=6).json()
    assert body["choices"][0]["finish_reason"] == "length"


def test_nothing_is_said_to_be_unenforced(served: Served) -> None:
    answer = served.chat(tools=[ROLL], tool_choice="required", max_tokens=200)
    assert "x-ossian-warning" not in answer.headers
