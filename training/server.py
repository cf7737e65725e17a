"""Conversations put to a running server."""

import json
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import Any

from ossian.harmony.messages import Channel, Conversation, Message, Role, Tool

Answerer = Callable[[list[Conversation], float], list[str]]

NUM_CLIENTS = 8


def ask_server(base_url: str) -> Answerer:
    """Answers of the first model a server offers, a few at a time."""
    with urllib.request.urlopen(f"{base_url}/models", timeout=60) as response:
        model = json.load(response)["data"][0]["id"]

    def ask(conversation: Conversation, temperature: float) -> str:
        return content_of(post(f"{base_url}/chat/completions", request_body(model, conversation, temperature)))

    def answer(conversations: list[Conversation], temperature: float) -> list[str]:
        with ThreadPoolExecutor(NUM_CLIENTS) as clients:
            return list(clients.map(ask, conversations, repeat(temperature)))

    return answer


def post(url: str, body: dict[str, Any]) -> dict[str, Any]:
    """POST JSON, return JSON."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as response:
        answer: dict[str, Any] = json.load(response)
        return answer


def content_of(response: dict[str, Any]) -> str:
    """The answer's text, or the arguments of the first tool call."""
    message = response["choices"][0]["message"]
    calls = message.get("tool_calls")
    return calls[0]["function"]["arguments"] if calls else message["content"] or ""


def request_body(model: str, conversation: Conversation, temperature: float) -> dict[str, Any]:
    """The conversation as a client sends it. Ossian's server puts its own date into the system message."""
    system = [{"role": "system", "content": conversation.instructions}] if conversation.instructions else []
    messages = [message_body(message) for message in conversation.messages if message.channel is not Channel.ANALYSIS]
    body: dict[str, Any] = {
        "model": model,
        "messages": [*system, *messages],
        "reasoning_effort": str(conversation.reasoning_effort),
        "temperature": temperature,
    }
    tools = [tool for namespace in conversation.tools for tool in namespace.tools]
    if tools:
        body["tools"] = [{"type": "function", "function": function_body(tool)} for tool in tools]
    return body


def function_body(tool: Tool) -> dict[str, Any]:
    """One tool in OpenAI's form."""
    return {"name": tool.name, "description": tool.description, "parameters": tool.parameters}


def message_body(message: Message) -> dict[str, Any]:
    """One message in OpenAI's form; a conversation here has at most one tool call."""
    if message.role is Role.TOOL:
        return {"role": "tool", "tool_call_id": "call_1", "content": message.content}
    if message.recipient:
        function = {"name": message.recipient.removeprefix("functions."), "arguments": message.content}
        call = {"id": "call_1", "type": "function", "function": function}
        return {"role": "assistant", "content": None, "tool_calls": [call]}
    return {"role": str(message.role), "content": message.content}
