"""What messages, tool results and reasoning are made of: parts of text.

Input and output, the parts of chat completions and those of a response are all taken anywhere: clients that keep a
history mix them. A part's body is what OpenAI has at its place.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, Tag

from ossian.api.fields import SHALLOW, STOP_AT_FIRST, JsonObject, RequestModel, string_or_array
from ossian.api.media import TEXT_ONLY

Extras: TypeAlias = Annotated[list[Any], SHALLOW]


class InputText(RequestModel):
    """A text the model is given."""

    type: Literal["input_text", "text"]
    text: str
    prompt_cache_breakpoint: Any = Field(default=None, description="Accepted; every prefix is cached.")
    annotations: Extras | None = None


class OutputText(RequestModel):
    """A text the model has written. It comes back as it was sent."""

    type: Literal["output_text"]
    text: str
    annotations: Extras | None = None
    logprobs: Extras | None = None
    parsed: Any = Field(default=None, description="What OpenAI's SDK made of `text`; not read.")


class ReasoningText(RequestModel):
    """What the model thought, or a summary of it."""

    type: Literal["reasoning_text", "summary_text"]
    text: str


class Refusal(RequestModel):
    """A refusal the model has written."""

    type: Literal["refusal"]
    refusal: str

    @property
    def text(self) -> str:
        return self.refusal


Part: TypeAlias = Annotated[
    Annotated[InputText | OutputText | ReasoningText | Refusal, Field(discriminator="type")], TEXT_ONLY
]
Parts: TypeAlias = Annotated[list[Part], STOP_AT_FIRST]
Content: TypeAlias = Annotated[
    Annotated[str, Tag("string")] | Annotated[Parts, Tag("array")],
    string_or_array("a string or an array of text parts"),
]


def text_of(content: str | Sequence[Part] | None) -> str:
    """Return the text of a content, its parts joined as they are."""
    if content is None or isinstance(content, str):
        return content or ""
    return "".join(part.text for part in content)


def input_parts(content: str | Sequence[Part]) -> list[JsonObject]:
    """Return a content as a user's or developer's message has it."""
    texts = [content] if isinstance(content, str) else [part.text for part in content]
    return [{"type": "input_text", "text": text} for text in texts]


def output_parts(content: str | Sequence[Part]) -> list[JsonObject]:
    """Return a content as an assistant's message has it."""
    if isinstance(content, str):
        return [_output_text(content)]
    return [_output_part(part) for part in content]


def reasoning_parts(kind: str, parts: Sequence[Part]) -> list[JsonObject]:
    """Return a content as a reasoning item has it; `kind` is the type of its parts."""
    return [{"type": kind, "text": part.text} for part in parts]


def _output_part(part: Part) -> JsonObject:
    if isinstance(part, Refusal):
        return {"type": "refusal", "refusal": part.refusal}
    if isinstance(part, OutputText):
        return _output_text(part.text, part.annotations, part.logprobs)
    return _output_text(part.text)


def _output_text(text: str, annotations: list[Any] | None = None, logprobs: list[Any] | None = None) -> JsonObject:
    return {"type": "output_text", "text": text, "annotations": annotations or [], "logprobs": logprobs or []}
