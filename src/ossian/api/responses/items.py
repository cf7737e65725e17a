"""The items of a request: what clients send, and the same as the API lists and stores it.

Clients send back what they were given, with all its fields, or shorter forms of it; both are taken. An item's body is
a JSON object as OpenAI has it, with type, id and status.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag, TypeAdapter
from pydantic_core import PydanticCustomError

from ossian.api.fields import STOP_AT_FIRST, JsonObject, string_or_array
from ossian.api.responses.calls import CallOutputItem, CustomCallItem, FunctionCallItem, ItemId, NewId, Status
from ossian.api.responses.content import Parts, reasoning_parts
from ossian.api.responses.dialects import VENDOR
from ossian.api.responses.hosted import Hosted
from ossian.api.responses.item_model import ItemModel
from ossian.api.responses.messages import AssistantMessage, InputMessage, ToolMessage
from ossian.api.validation import validated

MAX_ITEMS: Final = 10_000  # so many tiny ones take 0.1 s to check, and everybody waits for that

# Items of tools that OpenAI runs, and of Codex, whose types do not end in `_call` or `_call_output`.
HOSTED_TYPES: Final = {
    "additional_tools",
    "agent_message",
    "compaction_trigger",
    "configuration_update",
    "context_compaction",
    "ghost_snapshot",
    "mcp_approval_request",
    "mcp_approval_response",
    "mcp_list_tools",
    "program",
    "program_output",
    "tool_search_output",
}


class ReasoningItem(ItemModel):
    """What the model thought: as text, encrypted by this server, or as a summary, whichever there is, in this order."""

    type: Literal["reasoning"]
    id: ItemId | None = None
    status: Status | None = None
    summary: Parts = Field(default_factory=list)
    content: Parts | None = None
    encrypted_content: str | None = None
    created_by: str | None = None

    @property
    def text(self) -> str:
        """What of it can be read."""
        if self.content:
            return "".join(part.text for part in self.content)
        return "\n\n".join(part.text for part in self.summary)

    @property
    def secret(self) -> str | None:
        """What has to be decrypted: nothing where the text is there."""
        return None if self.content else self.encrypted_content

    def bodies(self, new_id: NewId) -> Iterator[JsonObject]:
        """Yield the item as the API lists it."""
        content = {} if self.content is None else {"content": reasoning_parts("reasoning_text", self.content)}
        encrypted = {"encrypted_content": self.encrypted_content} if self.encrypted_content else {}
        yield {
            "type": "reasoning",
            "id": self.id or new_id("rs_"),
            "status": self.status or "completed",
            "summary": reasoning_parts("summary_text", self.summary),
            **content,
            **encrypted,
        }


class CompactionItem(ItemModel):
    """A history in short, encrypted by this server."""

    type: Literal["compaction", "compaction_summary"]
    id: ItemId | None = None
    status: Status | None = None
    encrypted_content: str
    created_by: str | None = None

    def bodies(self, new_id: NewId) -> Iterator[JsonObject]:
        """Yield the item as the API lists it; it has no status."""
        yield {
            "type": "compaction",
            "id": self.id or new_id("cmp_"),
            "encrypted_content": self.encrypted_content,
        }


class ItemReference(ItemModel):
    """An item that is stored, by its id."""

    type: Literal["item_reference"] | None = None
    id: ItemId

    def bodies(self, new_id: NewId) -> Iterator[JsonObject]:
        """Yield the reference: what it stands for is not known here."""
        del new_id
        yield {"type": "item_reference", "id": self.id}


class HostedItem(Hosted):
    """An item of a tool that OpenAI runs. It is kept as it is, and left out of the prompt."""

    id: ItemId | None = None

    @property
    def call_id(self) -> str | None:
        """The id of the call that it is, if it says one."""
        call_id = self.body.get("call_id")
        return call_id if isinstance(call_id, str) else None

    def bodies(self, new_id: NewId) -> Iterator[JsonObject]:
        """Yield the item as it was sent, with an id."""
        yield {**self.body, "id": self.id or new_id("item_")}


def _kind(value: object) -> str:
    """Return the tag of an item's model; what has neither type nor role is taken for a message without them."""
    if not isinstance(value, dict):
        return _TAGS_OF_MODELS.get(type(value), "user")
    match value.get("type"):
        case None if value.get("role") is None and value.get("id") is not None:
            return "item_reference"
        case "message" | None:
            return _speaker(value.get("role"))
        case str() as kind if kind in _TAGS:
            return _TAGS[kind]
        case str():
            return "hosted"
        case _:
            return "user"


def _speaker(role: object) -> str:
    return role if isinstance(role, str) and role in ("assistant", "tool") else "user"


def _known_type(value: Any) -> Any:
    kind = value.get("type") if isinstance(value, dict) else None
    if isinstance(kind, str) and kind.startswith(VENDOR):  # as the Open Responses dialect calls what it does not know
        kind = kind.removeprefix(VENDOR)
        value = value | {"type": kind}
    if not isinstance(kind, str) or kind == "message" or kind in _TAGS or is_hosted(kind):
        return value
    raise PydanticCustomError("unsupported_content", "'{kind}' is no type of item", {"kind": kind[:64]})


def is_hosted(kind: str) -> bool:
    """Whether items of this type are those of a tool that the server of the API runs; `slug:type` is a vendor's."""
    return kind in HOSTED_TYPES or kind.endswith(("_call", "_call_output")) or ":" in kind


_TAGS: Final = {
    "function_call": "function_call",
    "custom_tool_call": "custom_tool_call",
    "function_call_output": "call_output",
    "custom_tool_call_output": "call_output",
    "reasoning": "reasoning",
    "compaction": "compaction",
    "compaction_summary": "compaction",
    "item_reference": "item_reference",
}

_TAGS_OF_MODELS: Final[dict[type, str]] = {
    InputMessage: "user",
    AssistantMessage: "assistant",
    ToolMessage: "tool",
    FunctionCallItem: "function_call",
    CustomCallItem: "custom_tool_call",
    CallOutputItem: "call_output",
    ReasoningItem: "reasoning",
    CompactionItem: "compaction",
    ItemReference: "item_reference",
    HostedItem: "hosted",
}

InputItem: TypeAlias = (
    InputMessage
    | AssistantMessage
    | ToolMessage
    | FunctionCallItem
    | CustomCallItem
    | CallOutputItem
    | ReasoningItem
    | CompactionItem
    | ItemReference
    | HostedItem
)
TaggedItem: TypeAlias = Annotated[
    Annotated[
        Annotated[InputMessage, Tag("user")]
        | Annotated[AssistantMessage, Tag("assistant")]
        | Annotated[ToolMessage, Tag("tool")]
        | Annotated[FunctionCallItem, Tag("function_call")]
        | Annotated[CustomCallItem, Tag("custom_tool_call")]
        | Annotated[CallOutputItem, Tag("call_output")]
        | Annotated[ReasoningItem, Tag("reasoning")]
        | Annotated[CompactionItem, Tag("compaction")]
        | Annotated[ItemReference, Tag("item_reference")]
        | Annotated[HostedItem, Tag("hosted")],
        Discriminator(_kind),
    ],
    BeforeValidator(_known_type),
]
Items: TypeAlias = Annotated[list[TaggedItem], Field(max_length=MAX_ITEMS), STOP_AT_FIRST]
Input: TypeAlias = Annotated[
    Annotated[str, Tag("string")] | Annotated[Items, Tag("array")],
    string_or_array("a string or an array of items"),
]

_INPUT: Final[TypeAdapter[str | list[InputItem]]] = TypeAdapter(  # of any length: a history is as long as it is
    Annotated[
        Annotated[str, Tag("string")] | Annotated[list[TaggedItem], STOP_AT_FIRST, Tag("array")],
        string_or_array("a string or an array of items"),
    ]
)


def parse_items(bodies: object, param: str = "input") -> list[InputItem]:
    """Return the items in JSON values; a string is what the user says. Raises InvalidRequestError, at `param[i]…`."""
    return items_of(validated(bodies, _INPUT, param))


def items_of(value: str | list[InputItem] | None) -> list[InputItem]:
    """Return the items of an input."""
    if isinstance(value, str):
        return [InputMessage(role="user", content=value)]
    return value or []


def item_bodies(items: Iterable[InputItem], new_id: NewId) -> list[JsonObject]:
    """Return items as the API lists and stores them; `new_id` makes an id from its prefix where there is none."""
    return [body for item in items for body in item.bodies(new_id)]


def distinct_bodies(items: Iterable[InputItem], before: Iterable[JsonObject], new_id: NewId) -> list[JsonObject]:
    """Return items as `item_bodies`, none with the id of another one: clients may count theirs from 0 in every request.

    One that is sent again as it was `before` keeps its id: it is that item.
    """
    known: dict[str, JsonObject | None] = {body["id"]: body for body in before}
    bodies: list[JsonObject] = []
    for item in items:
        made = list(item.bodies(new_id))
        if any(known.get(body["id"], body) != body for body in made):
            made = list(item.model_copy(update={"id": None}).bodies(new_id))
        known |= {body["id"]: None for body in made}
        bodies += made
    return bodies
