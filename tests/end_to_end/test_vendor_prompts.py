"""The prompts of the vendors' documentation, as OpenAI's client sends them, answered with what they ask for.

The examples for the Responses API are asked as chat completions. The examples that are programs are in
`test_examples.py`.
"""

import re
from typing import Any

import pytest
from openai import OpenAI

from tests.served_process import ServedProcess

MODEL = "gpt-oss-20b"


@pytest.fixture
def client(server: ServedProcess) -> OpenAI:
    return OpenAI(base_url=server.base_url, api_key="none", max_retries=0, timeout=60)


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
