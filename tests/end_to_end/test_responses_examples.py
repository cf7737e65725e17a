"""OVHcloud's examples of the Responses API, against a real server with the model that ships.

They ask at temperature 1, so what is asserted of a text is what the model says whatever it draws. What the one about
images asks, no gpt-oss can answer.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from openai import BadRequestError, OpenAI

from tests.repository import ROOT
from tests.served_process import ServedProcess

pytestmark = pytest.mark.slow

VAT_QUESTION = "What is the VAT rate in France? If needed, call the tool."
VAT_TOOL = {
    "type": "function",
    "name": "get_vat_rate",
    "strict": False,
    "description": "Return the VAT rate for a given country.",
    "parameters": {
        "type": "object",
        "properties": {"country": {"type": "string"}},
        "required": ["country"],
        "additionalProperties": False,
    },
}


def run(server: ServedProcess, name: str) -> str:
    variables = os.environ | {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "none"}
    command = [sys.executable, str(ROOT / "examples" / name)]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def client(server: ServedProcess) -> Iterator[OpenAI]:
    with OpenAI(base_url=server.base_url, api_key="none", max_retries=0, timeout=60) as client:
        yield client


def test_the_quickstart(server: ServedProcess) -> None:
    answers = (run(server, "ovhcloud_responses_basic.py").casefold() for _ in range(3))
    assert any("retriev" in answer for answer in answers), "at temperature 1 a small model may miss once, not always"


def test_a_conversation(server: ServedProcess) -> None:
    assert "Stéphane" in run(server, "ovhcloud_responses_conversation.py")


@pytest.mark.parametrize("name", ["ovhcloud_responses_instructions.py", "ovhcloud_responses_system_message.py"])
def test_instructions(server: ServedProcess, name: str) -> None:
    said = run(server, name).casefold()
    assert "vector" in said or "numbers" in said


def test_a_stream(server: ServedProcess) -> None:
    """The example prints every delta: those of the reasoning too."""
    assert run(server, "ovhcloud_responses_streaming.py").count("\n") >= 2


def test_a_structured_output(server: ServedProcess) -> None:
    contract = json.loads(run(server, "ovhcloud_responses_json_schema.py"))
    assert list(contract) == ["company", "start_date"]
    assert [type(value) for value in contract.values()] == [str, str]


def test_a_function(server: ServedProcess) -> None:
    """The example looks for `tool_calls`, which no response has: what it prints is the text beside the call."""
    run(server, "ovhcloud_responses_function.py")


def test_a_reasoning_effort(server: ServedProcess) -> None:
    assert re.search(r"\d", run(server, "ovhcloud_responses_reasoning.py"))


def test_the_second_request_of_the_function_example(client: OpenAI) -> None:
    """As the example would send it: the call and its result in chat style."""
    asked: list[Any] = [{"type": "message", "role": "user", "content": VAT_QUESTION}]
    tools: Any = [VAT_TOOL]
    first = client.responses.create(model="gpt-oss-20b", store=False, input=asked, tools=tools, temperature=0)
    (call,) = [item for item in first.output if item.type == "function_call"]
    assert json.loads(call.arguments) == {"country": "France"}
    function = {"name": call.name, "arguments": call.arguments}
    made = {"id": call.call_id, "type": "function", "function": function}
    asked += [
        {"type": "message", "role": "assistant", "tool_calls": [made]},
        {
            "type": "message",
            "role": "tool",
            "tool_call_id": call.call_id,
            "name": call.name,
            "content": '{"vat_rate": 0.2}',
        },
    ]
    final = client.responses.create(model="gpt-oss-20b", store=False, input=asked, tools=tools, temperature=0)
    assert re.search(r"20\s?%|0\.20?\b", final.output_text)


def test_an_image_is_refused_with_its_place(client: OpenAI) -> None:
    image = {"type": "input_image", "image_url": "data:image/jpeg;base64,/9j/4AAQSkZJRg=="}
    content = [{"type": "input_text", "text": "Describe this image."}, image]
    asked: Any = [{"type": "message", "role": "user", "content": content}]
    with pytest.raises(BadRequestError, match="no image input") as refused:
        client.responses.create(model="gpt-oss-20b", store=False, input=asked)
    assert (refused.value.code, refused.value.param) == ("unsupported_content", "input[0].content[1].type")


@pytest.mark.parametrize(
    "prompt",
    ["Explain RAG in one paragraph.", "Compute 17*23 and explain the steps.", "What is the capital of France?"],
)
def test_both_apis_say_the_same(client: OpenAI, prompt: str) -> None:
    """The same prompt is the same tokens, and greedy decoding of them the same answer."""
    response = client.responses.create(model="gpt-oss-20b", input=prompt, temperature=0, store=False)
    chat = client.chat.completions.create(
        model="gpt-oss-20b", messages=[{"role": "user", "content": prompt}], temperature=0
    )
    assert response.output_text == chat.choices[0].message.content
    assert response.usage is not None
    assert chat.usage is not None
    assert response.usage.input_tokens == chat.usage.prompt_tokens
    assert response.usage.output_tokens == chat.usage.completion_tokens
