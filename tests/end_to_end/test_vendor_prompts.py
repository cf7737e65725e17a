"""The prompts of the vendors' documentation, as OpenAI's client sends them, answered with what they ask for.

The examples for the Responses API are asked as chat completions. The examples that are programs are in
`test_examples.py`.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from openai import OpenAI

from tests.served_process import ServedProcess

MODEL = "gpt-oss-20b"
WEATHER_TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the current weather for a location",
        "parameters": {
            "type": "object",
            "properties": {"location": {"type": "string", "description": "The city and state"}},
            "required": ["location"],
        },
    },
}
VAT_TOOL = {
    "type": "function",
    "function": {
        "name": "get_vat_rate",
        "strict": False,
        "description": "Return the VAT rate for a given country.",
        "parameters": {
            "type": "object",
            "properties": {"country": {"type": "string"}},
            "required": ["country"],
            "additionalProperties": False,
        },
    },
}
_STEMS = "organ|recogn|summar|categor|optim|visual|general"
BRITISH = rf"colour|behaviour|neighbour|favour|({_STEMS})is|analys|centre|modell|labell"
AMERICAN = rf"color|behavior|neighbor|favor|({_STEMS})iz|analyz|center|modeli|labeli"


@pytest.fixture
def client(server: ServedProcess) -> Iterator[OpenAI]:
    with OpenAI(base_url=server.base_url, api_key="none", max_retries=0, timeout=60) as client:
        yield client


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def system(text: str) -> dict[str, Any]:
    return {"role": "system", "content": text}


def create(client: OpenAI, *messages: dict[str, Any], **fields: Any) -> Any:
    """Any, because the client's own types want to know each message's role."""
    asked: Any = client.chat.completions
    return asked.create(model=MODEL, messages=list(messages), **{"temperature": 0, "max_tokens": 1024} | fields)


def message(client: OpenAI, *messages: dict[str, Any], **fields: Any) -> Any:
    return create(client, *messages, **fields).choices[0].message


def answer(client: OpenAI, *messages: dict[str, Any], **fields: Any) -> str:
    return str(message(client, *messages, **fields).content)


@pytest.mark.parametrize("prompt", ["Explain gravity to a 6 years old", "Explain gravity for a 6 years old"])
def test_gravity_is_the_earth_pulling(client: OpenAI, prompt: str) -> None:
    said = answer(client, user(prompt))
    assert "earth" in said.casefold()
    assert "pull" in said.casefold()


def test_rag_in_one_paragraph_is_about_retrieval(client: OpenAI) -> None:
    said = answer(client, user("Explain RAG in one paragraph."))
    assert "retriev" in said.casefold()
    assert "\n" not in said.strip()


def test_a_name_is_remembered(client: OpenAI) -> None:
    greeting = {"role": "assistant", "content": "Hello Stéphane! How can I help?"}
    assert "Stéphane" in answer(client, user("My name is Stéphane."), greeting, user("What is my name?"))


@pytest.mark.parametrize("role", ["system", "developer"])
def test_embeddings_are_defined_in_british_english(client: OpenAI, role: str) -> None:
    instructions = {"role": role, "content": "You are a technical writer. Answer in British English."}
    said = answer(client, instructions, user("Write a short definition of embeddings.")).casefold()
    assert "vector" in said or "numbers" in said
    assert re.search(BRITISH, said)
    assert not re.search(AMERICAN, said)


def test_a_haiku_has_three_lines(client: OpenAI) -> None:
    stream = create(client, user("Write a haiku about cloud computing."), stream=True)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    assert len([line for line in said.splitlines() if line.strip()]) == 3


def test_a_product_is_computed(client: OpenAI) -> None:
    asked = user("Compute 17*23 and explain the steps.")
    assert "391" in answer(client, asked, reasoning_effort="medium")


@pytest.mark.parametrize("options", [{"temperature": 0}, {"temperature": 0.7, "top_p": 0.9, "seed": 1}])
def test_machine_learning_is_learning_from_examples(client: OpenAI, options: dict[str, float]) -> None:
    instructions = system("You are a helpful assistant that provides detailed explanations.")
    asked = user("Explain the concept of machine learning in simple terms.")
    assert re.search(r"\blearns?\b|example", answer(client, instructions, asked, **options))


def test_hello_is_greeted(client: OpenAI) -> None:
    assert re.search(r"\b(hello|hi|hey|good day|welcome)\b", answer(client, user("Hello")), re.IGNORECASE)


def test_the_capitals_are_listed(client: OpenAI) -> None:
    said = answer(client, system("You are a helpful assistant."), user("Name the european capitals"))
    assert [capital for capital in ("Paris", "Madrid", "Rome", "Berlin", "Lisbon") if capital not in said] == []


def tool_loop(
    client: OpenAI, tool: dict[str, Any], asked: list[dict[str, Any]], result_of: Callable[[Any], object]
) -> tuple[Any, str]:
    """Ask, send the tool's result back, and return the call and the answer."""
    first = message(client, *asked, tools=[tool])
    assert first.tool_calls, first.content
    (call,) = first.tool_calls
    result = json.dumps(result_of(json.loads(call.function.arguments)))
    back = {"role": "tool", "tool_call_id": call.id, "content": result}
    return call.function, answer(client, *asked, first.model_dump(exclude_none=True), back, tools=[tool])


def test_the_weather_in_london_is_asked_and_told(client: OpenAI) -> None:
    asked = [system("You are a helpful assistant with access to tools."), user("What is the weather in London?")]
    result = {"temperature": 14, "condition": "cloudy"}
    function, said = tool_loop(client, WEATHER_TOOL, asked, lambda _: result)
    assert (function.name, json.loads(function.arguments)) == ("get_weather", {"location": "London"})
    assert "14" in said
    assert "cloudy" in said.casefold()


def test_the_vat_rate_is_asked_and_told(client: OpenAI) -> None:
    asked = [user("What is the VAT rate in France? If needed, call the tool.")]
    function, said = tool_loop(client, VAT_TOOL, asked, lambda given: {"vat_rate": get_vat_rate(**given)})
    assert function.name == "get_vat_rate"
    assert "0.2" in said


def get_vat_rate(country: str) -> float:
    if country.lower() in ["france", "fr"]:
        return 0.20
    raise ValueError("Unsupported country")
