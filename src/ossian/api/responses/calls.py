"""Calls of tools and their results, among the items of a request."""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AliasChoices, Field

from ossian.api.fields import SHALLOW, JsonObject
from ossian.api.responses.content import Content, input_parts, text_of
from ossian.api.responses.item_model import ItemModel

NewId: TypeAlias = Callable[[str], str]  # makes an id from its prefix

MAX_FLAT_NAME: Final = 64
_NUM_DIGEST_CHARACTERS: Final = 8

CallName: TypeAlias = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,128}$")]
NamespaceName: TypeAlias = Annotated[str, Field(min_length=1, max_length=128)]
ItemId: TypeAlias = Annotated[str, Field(max_length=256)]
CallId: TypeAlias = Annotated[str, Field(min_length=1, max_length=256)]
Status: TypeAlias = Literal["in_progress", "completed", "incomplete"]
Kind: TypeAlias = Literal["function", "custom"]
Caller: TypeAlias = Annotated[Any, SHALLOW]


def flat_name(name: str, namespace: str | None) -> str:
    """Return the one name under which the model knows a tool: 1 to 64 of the characters a function's name may have.

    A name that does not fit ends in a digest of the whole, so that two of them stay two.
    """
    whole = f"{namespace}__{name}" if namespace else name
    plain = re.sub(r"[^a-zA-Z0-9_-]", "_", whole)
    if plain == whole and len(whole) <= MAX_FLAT_NAME:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:_NUM_DIGEST_CHARACTERS]
    return f"{plain[: MAX_FLAT_NAME - _NUM_DIGEST_CHARACTERS - 1]}_{digest}"


@dataclass(frozen=True, slots=True)
class Call:
    """A call the model made. One that was cut off has no result, and needs none."""

    call_id: str
    kind: Kind
    name: str
    text: str
    namespace: str | None = None
    is_complete: bool = True

    @property
    def flat_name(self) -> str:
        return flat_name(self.name, self.namespace)

    def body(self, new_id: NewId, item_id: str | None = None) -> JsonObject:
        """Return the item as the API lists it."""
        is_custom = self.kind == "custom"
        return {
            "type": "custom_tool_call" if is_custom else "function_call",
            "id": item_id or new_id("ctc_" if is_custom else "fc_"),
            "status": "completed" if self.is_complete else "incomplete",
            "call_id": self.call_id,
            **({"namespace": self.namespace} if self.namespace else {}),
            "name": self.name,
            "input" if is_custom else "arguments": self.text,
        }


class _CallItem(ItemModel):
    """A call the model made before."""

    id: ItemId | None = None
    status: Status | None = None
    call_id: CallId
    name: CallName
    namespace: NamespaceName | None = None
    caller: Caller = None
    created_by: str | None = None
    is_async: bool | None = Field(
        default=None,
        validation_alias=AliasChoices("async", "async_"),
        description="`async_`: how OpenAI's SDK dumps it.",
    )

    def _call(self, kind: Kind, text: str) -> Call:
        is_complete = self.status in (None, "completed")
        return Call(self.call_id, kind, self.name, text, self.namespace, is_complete)


class FunctionCallItem(_CallItem):
    """A call of a function. `arguments` is what the model wrote, which need not be valid JSON."""

    type: Literal["function_call"]
    arguments: str
    encrypted_function_args: Annotated[Any, SHALLOW] = Field(default=None, description="Codex's own; not read.")
    parsed_arguments: Any = Field(default=None, description="What OpenAI's SDK made of `arguments`; not read.")

    @property
    def calls(self) -> list[Call]:
        """The call."""
        return [self._call("function", self.arguments)]

    def bodies(self, new_id: NewId) -> Iterator[JsonObject]:
        """Yield the item as the API lists it."""
        yield self.calls[0].body(new_id, self.id)


class CustomCallItem(_CallItem):
    """A call of a custom tool."""

    type: Literal["custom_tool_call"]
    input: str

    @property
    def calls(self) -> list[Call]:
        """The call."""
        return [self._call("custom", self.input)]

    def bodies(self, new_id: NewId) -> Iterator[JsonObject]:
        """Yield the item as the API lists it."""
        yield self.calls[0].body(new_id, self.id)


class CallOutputItem(ItemModel):
    """The result of a call. Either type is taken for either kind of call."""

    type: Literal["function_call_output", "custom_tool_call_output"]
    id: ItemId | None = None
    status: Status | None = None
    call_id: CallId
    output: Content
    name: str | None = None
    namespace: str | None = None
    caller: Caller = None
    created_by: str | None = None

    @property
    def text(self) -> str:
        return text_of(self.output)

    def bodies(self, new_id: NewId) -> Iterator[JsonObject]:
        """Yield the item as the API lists it."""
        yield {
            "type": self.type,
            "id": self.id or new_id("cto_" if self.type == "custom_tool_call_output" else "fco_"),
            "status": self.status or "completed",
            "call_id": self.call_id,
            "output": self.output if isinstance(self.output, str) else input_parts(self.output),
        }
