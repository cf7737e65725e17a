"""The messages of a chat completion request."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag, model_validator

from ossian.api.fields import STOP_AT_FIRST, FunctionName, RequestModel, refused, string_or_array
from ossian.api.media import TEXT_ONLY


class TextPart(RequestModel):
    """A piece of text; the pieces of one message are joined as they are."""

    type: Literal["text"]
    text: str
    prompt_cache_breakpoint: Any = Field(default=None, description="Accepted; every prefix is cached.")


class RefusalPart(RequestModel):
    """A refusal the assistant gave before."""

    type: Literal["refusal"]
    refusal: str


TextParts: TypeAlias = Annotated[list[Annotated[TextPart, TEXT_ONLY]], Field(min_length=1), STOP_AT_FIRST, Tag("array")]
AssistantPart: TypeAlias = Annotated[TextPart | RefusalPart, Field(discriminator="type")]
AssistantParts: TypeAlias = Annotated[
    list[Annotated[AssistantPart, TEXT_ONLY]], Field(min_length=1), STOP_AT_FIRST, Tag("array")
]
_TEXT_OR_PARTS = string_or_array("a string or an array of text parts")
Content: TypeAlias = Annotated[Annotated[str, Tag("string")] | TextParts, _TEXT_OR_PARTS]
AssistantContent: TypeAlias = Annotated[Annotated[str, Tag("string")] | AssistantParts, _TEXT_OR_PARTS]


class SystemMessage(RequestModel):
    """Instructions. gpt-oss reads them as its developer message."""

    role: Literal["system"]
    content: Content
    name: str | None = None


class DeveloperMessage(RequestModel):
    """Instructions, under their newer name."""

    role: Literal["developer"]
    content: Content
    name: str | None = None


class UserMessage(RequestModel):
    """What the user says."""

    role: Literal["user"]
    content: Content
    name: str | None = Field(default=None, description="Accepted; gpt-oss is not told participants' names.")


class CalledFunction(RequestModel):
    """The function of a tool call. `arguments` is what the model wrote, which need not be valid JSON."""

    name: FunctionName
    arguments: str
    parsed_arguments: Any = Field(default=None, description="What OpenAI's SDK made of `arguments`; not read.")


class FunctionCall(RequestModel):
    """A call of a function the assistant made before."""

    id: str
    type: Literal["function"] = "function"
    function: CalledFunction
    index: int | None = None  # clients that saved a stream's deltas send it back

    @property
    def name(self) -> str:
        return self.function.name

    @property
    def input(self) -> str:
        """What the model wrote."""
        return self.function.arguments


class CalledCustom(RequestModel):
    """The custom tool of a tool call."""

    name: FunctionName
    input: str


class CustomCall(RequestModel):
    """A call of a custom tool the assistant made before."""

    id: str
    type: Literal["custom"]
    custom: CalledCustom
    index: int | None = None

    @property
    def name(self) -> str:
        return self.custom.name

    @property
    def input(self) -> str:
        """What the model wrote."""
        return self.custom.input


def _call_kind(call: object) -> str:
    kind = call.get("type") if isinstance(call, dict) else getattr(call, "type", None)
    return "call of a custom tool" if kind == "custom" else "call of a function"


ToolCall: TypeAlias = Annotated[
    Annotated[FunctionCall, Tag("call of a function")] | Annotated[CustomCall, Tag("call of a custom tool")],
    Discriminator(_call_kind),
]
LEGACY_ID = "function_call"  # no client has such an id: results of these calls name the function instead


class AssistantMessage(RequestModel):
    """What the assistant said before. The fields of our own answers are accepted back."""

    role: Literal["assistant"]
    content: AssistantContent | None = None
    refusal: str | None = None
    reasoning: str | None = Field(default=None, description="Kept for the model inside an open tool loop.")
    reasoning_content: str | None = Field(default=None, description="Another name of `reasoning`.")
    tool_calls: Annotated[list[ToolCall], STOP_AT_FIRST] | None = None
    name: str | None = None
    annotations: list[Any] | None = None
    parsed: Any = Field(default=None, description="What OpenAI's SDK made of `content`; not read.")
    audio: Annotated[None, refused("This model has no audio.")] = None
    function_call: CalledFunction | None = Field(default=None, description="The older form of `tool_calls`.")

    @model_validator(mode="after")
    def _says_something(self) -> "AssistantMessage":
        said = (self.content, self.refusal, self.reasoning, self.reasoning_content)
        if not calls_of(self) and all(each is None for each in said):
            raise ValueError("an assistant message needs content or tool_calls")
        return self


class ToolMessage(RequestModel):
    """The result of a tool call."""

    role: Literal["tool"]
    content: Content
    tool_call_id: str
    name: str | None = None


class FunctionMessage(RequestModel):
    """The result of a `function_call`, in the older form."""

    role: Literal["function"]
    content: Content | None
    name: FunctionName


ToolContent: TypeAlias = str | list[TextPart] | None
ChatMessage: TypeAlias = Annotated[
    SystemMessage | DeveloperMessage | UserMessage | AssistantMessage | ToolMessage | FunctionMessage,
    Field(discriminator="role"),
]


def text_of(content: str | list[TextPart] | list[TextPart | RefusalPart] | None) -> str:
    """Return the text of a content, its parts joined as they are."""
    if content is None or isinstance(content, str):
        return content or ""
    return "".join(part.text if isinstance(part, TextPart) else part.refusal for part in content)


def calls_of(message: AssistantMessage) -> list[FunctionCall | CustomCall]:
    """Return the calls a message makes, in either form."""
    calls: list[FunctionCall | CustomCall] = [*(message.tool_calls or ())]
    if message.function_call is not None:
        calls.append(FunctionCall(id=LEGACY_ID, type="function", function=message.function_call))
    return calls
