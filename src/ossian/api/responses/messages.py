"""Messages among the items of a request, chat-style ones included.

A chat-style message becomes items of the Responses API: its calls, or the result of one.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, model_validator

from ossian.api.fields import STOP_AT_FIRST, JsonObject, RequestModel
from ossian.api.responses.calls import Call, CallId, CallName, ItemId, NewId, Status
from ossian.api.responses.content import Content, Extras, input_parts, output_parts, text_of
from ossian.api.responses.item_model import ItemModel

Phase: TypeAlias = Literal["commentary", "final_answer"]


class InputMessage(ItemModel):
    """What the user says, or instructions."""

    type: Literal["message"] | None = None
    id: ItemId | None = None
    status: Status | None = None
    role: Literal["user", "system", "developer"]
    content: Content
    name: str | None = Field(default=None, description="Accepted; gpt-oss is not told participants' names.")
    phase: Phase | None = None

    @property
    def text(self) -> str:
        return text_of(self.content)

    @property
    def is_instruction(self) -> bool:
        """Whether it is the application that speaks, not its user."""
        return self.role != "user"

    def bodies(self, new_id: NewId) -> Iterator[JsonObject]:
        """Yield the item as the API lists it."""
        yield {
            "type": "message",
            "id": self.id or new_id("msg_"),
            "status": self.status or "completed",
            "role": self.role,
            "content": input_parts(self.content),
        }


class ChatFunction(RequestModel):
    """The function of a chat-style call."""

    name: CallName
    arguments: str
    parsed_arguments: Any = None


class ChatCustom(RequestModel):
    """The custom tool of a chat-style call."""

    name: CallName
    input: str


class ChatCall(RequestModel):
    """A call as chat completions have it."""

    id: CallId
    type: Literal["function", "custom"] = "function"
    function: ChatFunction | None = None
    custom: ChatCustom | None = None
    index: int | None = None

    @model_validator(mode="after")
    def _has_its_tool(self) -> "ChatCall":
        if (self.custom if self.type == "custom" else self.function) is None:
            raise ValueError(f"expected a '{self.type}' with the tool's name and what it is called with")
        return self

    @property
    def call(self) -> Call:
        if self.custom is not None:
            return Call(self.id, "custom", self.custom.name, self.custom.input)
        assert self.function is not None
        return Call(self.id, "function", self.function.name, self.function.arguments)


class AssistantMessage(ItemModel):
    """What the model said, and in chat style, the calls it made then."""

    type: Literal["message"] | None = None
    id: ItemId | None = None
    status: Status | None = None
    role: Literal["assistant"]
    content: Content | None = None
    phase: Phase | None = Field(default=None, description="commentary: said on the way, before a call.")
    refusal: str | None = None
    tool_calls: Annotated[list[ChatCall], STOP_AT_FIRST] | None = None
    name: str | None = None
    annotations: Extras | None = None
    audio: None = None
    function_call: None = None
    reasoning: str | None = Field(default=None, description="In chat style, what the model thought before its calls.")
    reasoning_content: str | None = Field(default=None, description="Another name of `reasoning`.")
    parsed: Any = Field(default=None, description="What OpenAI's SDK made of `content`; not read.")

    @model_validator(mode="after")
    def _says_something(self) -> "AssistantMessage":
        if self.content is None and self.refusal is None and not self.tool_calls:
            raise ValueError("an assistant message needs content or tool_calls")
        return self

    @property
    def text(self) -> str:
        return text_of(self.content) or self.refusal or ""

    @property
    def thought(self) -> str:
        """What the model thought before its calls; without calls it is of no use any more."""
        return (self.reasoning or self.reasoning_content or "") if self.tool_calls else ""

    @property
    def calls(self) -> list[Call]:
        """The calls it made."""
        return [each.call for each in self.tool_calls or ()]

    def bodies(self, new_id: NewId) -> Iterator[JsonObject]:
        """Yield the items as the API lists them."""
        if self.thought:
            yield {
                "type": "reasoning",
                "id": new_id("rs_"),
                "status": "completed",
                "summary": [],
                "content": [{"type": "reasoning_text", "text": self.thought}],
            }
        if self.content or not self.tool_calls:
            yield self._message(new_id)
        for call in self.calls:
            yield call.body(new_id)

    def _message(self, new_id: NewId) -> JsonObject:
        refusal = [{"type": "refusal", "refusal": self.refusal}] if self.refusal else []
        phase = {"phase": self.phase} if self.phase else {}
        return {
            "type": "message",
            "id": self.id or new_id("msg_"),
            "status": self.status or "completed",
            "role": "assistant",
            "content": [*output_parts(self.content or []), *refusal],
            **phase,
        }


class ToolMessage(ItemModel):
    """The result of a call, in chat style."""

    type: Literal["message"] | None = None
    id: ItemId | None = None
    status: Status | None = None
    role: Literal["tool"]
    content: Content
    tool_call_id: CallId
    name: str | None = None

    @property
    def call_id(self) -> str:
        return self.tool_call_id

    @property
    def text(self) -> str:
        return text_of(self.content)

    def bodies(self, new_id: NewId) -> Iterator[JsonObject]:
        """Yield the item as the API lists it."""
        yield {
            "type": "function_call_output",
            "id": self.id or new_id("fco_"),
            "status": self.status or "completed",
            "call_id": self.call_id,
            "output": self.content if isinstance(self.content, str) else input_parts(self.content),
        }
