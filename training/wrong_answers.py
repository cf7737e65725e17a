"""A wrong answer for a person to look at."""

import json
from collections.abc import Iterator

from ossian.harmony.messages import Conversation
from training.server import Reply
from training.skills.exchange import Exchange, unmarked


def shown(conversation: Conversation, exchange: Exchange, reply: Reply) -> Iterator[str]:
    """Lines of the prompt, of what was expected, and of what came."""
    yield f"{exchange.skill} ({conversation.reasoning_effort})"
    yield from told(conversation)
    yield f"  expected{to(exchange.recipient)} {unmarked(exchange.answer)!r}"
    yield f"  analysis {reply.reasoning!r}"
    for name, arguments in reply.calls:
        yield f"  got{to(name)} {arguments!r}"
    if reply.content or not reply.calls:
        yield f"  got {reply.content!r}" if reply.refusal is None else f"  got {reply.refusal}"


def told(conversation: Conversation) -> Iterator[str]:
    """Lines of the prompt."""
    if conversation.instructions:
        yield f"  instructions {conversation.instructions!r}"
    for tool in (tool for namespace in conversation.tools for tool in namespace.tools):
        yield f"  tool {tool.name} {tool.description!r} {json.dumps(tool.parameters, ensure_ascii=False)}"
    if conversation.response_format is not None:
        yield f"  schema {json.dumps(conversation.response_format.schema, ensure_ascii=False)}"
    for message in conversation.messages:
        yield f"  {message.name or message.role}{to(message.recipient)} {message.content!r}"


def to(recipient: str | None) -> str:
    """Whom a message is for, if it is for a tool."""
    return f" to={unmarked(recipient)}" if recipient else ""
