"""The examples of hosted gpt-oss services, with only address and key changed to ours.

Written after their own pages: OVHcloud's catalog page, AI/ML API's reference, Azion's page and E2E
Networks' reference.
"""

import json
from typing import Any

import httpx2
import pytest
from openai import OpenAI

from tests.server.serving import CALL, Served, scripted, serving

GRAVITY = [{"role": "user", "content": "Explain gravity to a 6 years old"}]
WEATHER = {
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


def post(server: Served, body: dict[str, Any]) -> httpx2.Response:
    headers = {"Content-Type": "application/json", "Authorization": "Bearer any-token"}
    response = server.post(json=body, headers=headers)
    assert response.status_code == 200, response.text
    return response


def test_ovhcloud_with_requests(server: Served) -> None:
    payload = {"max_tokens": 512, "messages": GRAVITY, "model": "gpt-oss-20b", "temperature": 0}
    for choice in post(server, payload).json()["choices"]:
        assert choice["message"]["content"] == "It is 4."
        assert choice["message"]["reasoning_content"] == "2+2 is 4."


def test_ovhcloud_with_the_openai_library(server: Served) -> None:
    client = OpenAI(base_url=f"{server.url}/v1", api_key="any-token", max_retries=0)
    choice = client.chat.completions.create(
        model="gpt-oss-20b",
        messages=[{"role": "user", "content": "Explain gravity for a 6 years old"}],
        temperature=0,
        max_tokens=1024,
        reasoning_effort="low",
    ).choices.pop()
    assert choice.message.content == "It is 4."
    assert choice.message.reasoning_content == "2+2 is 4."  # type: ignore[attr-defined]  # as the example reads it


def test_aimlapi(server: Served) -> None:
    data = post(server, {"model": "openai/gpt-oss-20b", "messages": [{"role": "user", "content": "Hello"}]}).json()
    (choice,) = data["choices"]
    assert {"index", "finish_reason", "logprobs", "message"} <= set(choice)
    assert {"role", "content", "reasoning_content", "refusal"} <= set(choice["message"])
    assert data["object"] == "chat.completion"
    assert {"completion_tokens", "total_tokens", "prompt_tokens_details", "prompt_tokens"} <= set(data["usage"])


@pytest.mark.parametrize("stream", [True, False])
def test_azion_chat(server: Served, stream: bool) -> None:
    messages = [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": "Name the european capitals"},
    ]
    response = post(server, {"stream": stream, "model": "gpt-oss-20b", "max_tokens": 1024, "messages": messages})
    if not stream:
        assert response.json()["prompt_logprobs"] is None
        assert response.json()["choices"][0]["stop_reason"] is None


def test_azion_tools() -> None:
    messages = [
        {"role": "system", "content": "You are a helpful assistant with access to tools."},
        {"role": "user", "content": "What is the weather in London?"},
    ]
    body = {"model": "gpt-oss-20b", "max_tokens": 1024, "messages": messages, "tools": [WEATHER]}
    with serving(scripted(CALL)) as server:
        (choice,) = post(server, body).json()["choices"]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    assert choice["message"]["tool_calls"][0]["type"] == "function"


def test_azion_parameters(server: Served) -> None:
    messages = [
        {"role": "system", "content": "You are a helpful assistant that provides detailed explanations."},
        {"role": "user", "content": "Explain the concept of machine learning in simple terms."},
    ]
    body = {"stream": True, "max_tokens": 1024, "temperature": 0.7, "top_p": 0.9, "messages": messages}
    assert post(server, {"model": "gpt-oss-20b", **body}).text.endswith("data: [DONE]\n\n")


def test_e2e_networks(server: Served) -> None:
    """Its stream begins with the role and an empty content, has logprobs null in every choice, and ends in [DONE]."""
    body = {
        "temperature": 0.5,
        "max_tokens": 1024,
        "top_p": 1,
        "frequency_penalty": 0,
        "presence_penalty": 1,
        "stream": True,
        "model": "gpt_oss_120b",
        "messages": [{"role": "user", "content": "Hi"}],
    }
    *events, done, _ = post(server, body).text.split("\n\n")
    chunks = [json.loads(event.removeprefix("data: ")) for event in events]
    assert done == "data: [DONE]"
    assert {"role": "assistant", "content": ""}.items() <= chunks[0]["choices"][0]["delta"].items()
    assert all(chunk["object"] == "chat.completion.chunk" for chunk in chunks)
    assert all(chunk["choices"][0]["logprobs"] is None for chunk in chunks)
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
