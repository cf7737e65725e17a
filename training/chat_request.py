"""A conversation as a client of OpenAI's API sends it."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from ossian.harmony.messages import FUNCTIONS, Channel, Conversation, Message, ResponseFormat, Role, Tool
from training.skills.structured import JSON_MODE

Body: TypeAlias = dict[str, Any]


def request_body(conversation: Conversation) -> Body:
    """The conversation's part of a chat completion request: what the model is told, not how it samples.

    The date is left out: the server tells the model its own.
    """
    leading = [{"role": "system", "content": conversation.instructions}] if conversation.instructions else []
    body: Body = {"messages": [*leading, *message_bodies(conversation.messages)]}
    body["reasoning_effort"] = str(conversation.reasoning_effort)
    if tools := [tool for namespace in conversation.tools for tool in namespace.tools]:
        body["tools"] = [{"type": "function", "function": function_body(tool)} for tool in tools]
    if conversation.response_format is not None:
        body["response_format"] = format_body(conversation.response_format)
    return body


def format_body(form: ResponseFormat) -> Body:
    """A response format."""
    if form == JSON_MODE:
        return {"type": "json_object"}
    described = {"description": form.description} if form.description else {}
    return {"type": "json_schema", "json_schema": {"name": form.name, **described, "schema": form.schema}}


def function_body(tool: Tool) -> Body:
    """One tool."""
    body: Body = {"name": tool.name, "description": tool.description}
    return body if tool.parameters is None else body | {"parameters": tool.parameters}


def message_bodies(messages: Sequence[Message]) -> Iterator[Body]:
    """The messages. The assistant's analysis, and its words before a call, are fields of the message they lead to."""
    leading: Body = {}
    for message, call_id in zip(messages, call_ids(messages), strict=True):
        if field := leading_field(message):
            leading[field] = message.content
        elif message.role is Role.ASSISTANT:
            yield {"role": "assistant", **leading, **said(message, call_id)}
            leading = {}
        elif message.role is Role.TOOL:
            yield {"role": "tool", "tool_call_id": call_id, "content": message.content}
        else:
            yield {"role": str(message.role), "content": message.content}
    assert not leading, "analysis leads to a call or an answer"


def leading_field(message: Message) -> str | None:
    """The field for what the assistant says on its way to a call or an answer."""
    if message.role is not Role.ASSISTANT or message.recipient:
        return None
    return {Channel.ANALYSIS: "reasoning_content", Channel.COMMENTARY: "content"}.get(message.channel or Channel.FINAL)


def call_ids(messages: Sequence[Message]) -> list[str | None]:
    """An id for each call, and for each result that of its tool's first call without a result yet.

    Raises ValueError for a result without a call.
    """
    ids: list[str | None] = []
    waiting: list[tuple[str | None, str]] = []  # the tool's full name and the id
    for index, message in enumerate(messages):
        call_id = None
        if message.role is Role.TOOL:
            place = [name for name, _ in waiting].index(message.name)
            call_id = waiting.pop(place)[1]
        elif message.recipient:
            call_id = f"call_{index}"
            waiting.append((message.recipient, call_id))
        ids.append(call_id)
    return ids


def said(message: Message, call_id: str | None) -> Body:
    """An answer, or a call."""
    if not message.recipient:
        return {"content": message.content}
    function = {"name": plain_name(message.recipient), "arguments": message.content}
    return {"tool_calls": [{"id": call_id, "type": "function", "function": function}]}


def plain_name(name: str) -> str:
    """A tool's name without its namespace."""
    return name.removeprefix(f"{FUNCTIONS}.")
