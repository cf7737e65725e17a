"""An agent's next request repeats its history and adds a little: only what is new is computed."""

from collections.abc import Iterator
from typing import Any

import pytest
from openai import OpenAI
from openai.types.responses import Response

from tests.served_process import ServedProcess

pytestmark = pytest.mark.slow

MODEL = "gpt-oss-20b"
MIN_NUM_TOKENS = 10_000
NUM_REPHRASED = 64  # tokens of a call: its header and arguments may be written in another way than the model wrote them
FACT = "Fact {number}: the {number}th lighthouse of the coast was built in {year} and has {steps} steps to its lamp."


@pytest.fixture(scope="module")
def client(server: ServedProcess) -> Iterator[OpenAI]:
    with OpenAI(base_url=server.base_url, api_key="none", max_retries=0, timeout=100) as client:
        yield client


def history(name: str, num_turns: int = 40) -> list[Any]:
    """Some ten thousand tokens of talk, none of which any other test has said."""
    items: list[Any] = []
    for turn in range(num_turns):
        facts = [FACT.format(number=10 * turn + i, year=1700 + 7 * turn + i, steps=91 + 3 * i) for i in range(10)]
        items.append({"role": "user", "content": f"{name}, part {turn}. {' '.join(facts)}"})
        items.append({"role": "assistant", "content": f"I have read part {turn}."})
    return [*items, {"role": "user", "content": "Hello!"}]


def ask(client: OpenAI, **fields: Any) -> Response:
    responses: Any = client.responses
    made: Response = responses.create(model=MODEL, temperature=0, max_output_tokens=200, **fields)
    return made


def counts(response: Response) -> tuple[int, int]:
    """The tokens of the prompt, and those that were cached."""
    assert response.usage is not None
    return response.usage.input_tokens, response.usage.input_tokens_details.cached_tokens


def check_cached(first: Response, second: Response) -> None:
    """All of the first prompt was cached, to the token."""
    num_first, _ = counts(first)
    num_second, num_cached = counts(second)
    assert num_first >= MIN_NUM_TOKENS
    assert num_second > num_first
    assert num_first <= num_cached < num_second


@pytest.fixture(scope="module")
def first(client: OpenAI) -> Response:
    response = ask(client, input=history("A long talk"))
    assert counts(response)[1] < 256, "only the system message can be known already"
    return response


def test_a_client_that_keeps_the_history(client: OpenAI, first: Response) -> None:
    more: list[Any] = [*first.output, {"role": "user", "content": "And?"}]
    check_cached(first, ask(client, input=[*history("A long talk"), *more], store=False))


def test_a_server_that_keeps_the_history(client: OpenAI, first: Response) -> None:
    check_cached(first, ask(client, input="And now?", previous_response_id=first.id))


@pytest.mark.slow
def test_a_conversation(client: OpenAI) -> None:
    conversation = client.conversations.create()
    first = ask(client, input=history("In a conversation"), conversation=conversation.id)
    check_cached(first, ask(client, input="And?", conversation=conversation.id))


@pytest.mark.slow
def test_inside_a_tool_loop_what_the_model_said_is_cached_too(client: OpenAI) -> None:
    """Its reasoning is shown to it again, so the next prompt continues where it stopped."""
    parameters = {"type": "object", "properties": {"city": {"type": "string", "maxLength": 20}}, "required": ["city"]}
    tools: Any = [{"type": "function", "name": "get_weather", "parameters": parameters}]
    items = [*history("In a loop"), {"role": "user", "content": "What is the weather in Paris?"}]
    first = ask(client, input=items, tools=tools, tool_choice="required")
    (call,) = [item for item in first.output if item.type == "function_call"]
    output: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}]
    second = ask(client, input=output, tools=tools, tool_choice="required", previous_response_id=first.id)
    check_cached(first, second)
    assert first.usage is not None
    assert counts(second)[1] >= counts(first)[0] + first.usage.output_tokens - NUM_REPHRASED
