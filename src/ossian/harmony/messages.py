"""The harmony conversation: what a model is told and what it said, before it becomes tokens.

Words are openai/harmony's. Values only: no ids, no time, no tokens.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final, TypeAlias

JsonSchema: TypeAlias = Mapping[str, Any]

FUNCTIONS: Final = "functions"  # the namespace of the caller's own tools
CONSTRAIN_MARK: Final = "<|constrain|>"  # how a content type spells the special token it may begin with


class Role(StrEnum):
    """Who speaks."""

    SYSTEM = "system"
    DEVELOPER = "developer"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class Channel(StrEnum):
    """Where an assistant message goes."""

    ANALYSIS = "analysis"
    COMMENTARY = "commentary"
    FINAL = "final"


class ReasoningEffort(StrEnum):
    """How long the model thinks."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation.

    A tool result has role TOOL and `name` the tool's full name (`functions.get_weather`). An assistant message to
    a tool has `recipient` that name.
    """

    role: Role
    content: str
    name: str | None = None
    channel: Channel | None = None
    recipient: str | None = None
    content_type: str | None = None  # `<|constrain|>json` renders as the special token, then `json`


@dataclass(frozen=True, slots=True)
class Tool:
    """A function the model may call."""

    name: str
    description: str = ""
    parameters: JsonSchema | None = None


@dataclass(frozen=True, slots=True)
class ToolNamespace:
    """Tools under one name; a chat completion's tools are the namespace `functions`."""

    name: str
    tools: tuple[Tool, ...]
    description: str = ""


@dataclass(frozen=True, slots=True)
class ResponseFormat:
    """What the final answer has to be: JSON that fits a schema."""

    name: str
    schema: JsonSchema
    description: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """All that a prompt is rendered from.

    The system message is made from `reasoning_effort`, `current_date` and the settings; `instructions`, `tools` and
    `response_format` make the developer message. `messages` holds user, assistant and tool messages, and developer
    messages that came later in the conversation.
    """

    messages: tuple[Message, ...]
    instructions: str | None = None
    tools: tuple[ToolNamespace, ...] = ()
    reasoning_effort: ReasoningEffort = ReasoningEffort.MEDIUM
    current_date: date | None = None
    response_format: ResponseFormat | None = None
