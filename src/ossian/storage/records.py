"""What is stored, as plain values. Bodies are JSON objects; what they mean is not known here."""

from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

JsonObject = dict[str, Any]
Order = Literal["asc", "desc"]
Row = TypeVar("Row")


@dataclass(frozen=True)
class StoredResponse:
    """A response and the items it was asked with; the `output` of `body` are the items it answered with.

    Times are in seconds since 1970. `history` are the items before its own; it is only kept where what it continues is
    not there any more.
    """

    id: str
    scope: str
    status: str
    body: JsonObject
    input_items: list[JsonObject]
    created_at: int
    previous_response_id: str | None = None
    conversation_id: str | None = None
    expires_at: float | None = None
    is_background: bool = False
    history: list[JsonObject] = field(default_factory=list, compare=False)


@dataclass(frozen=True)
class StoredConversation:
    """A conversation without its items."""

    id: str
    scope: str
    created_at: int
    metadata: JsonObject = field(default_factory=dict)


@dataclass(frozen=True)
class StoredPrompt:
    """One version of a prompt; versions count from 1."""

    id: str
    scope: str
    version: int
    body: JsonObject
    created_at: int


@dataclass(frozen=True)
class Page(Generic[Row]):
    """A part of a list, and whether more follow it."""

    items: list[Row]
    has_more: bool
