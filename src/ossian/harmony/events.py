"""The events of one assistant turn, in the order they happen.

The parser makes MessageStart, TextDelta and MessageEnd from tokens; `generation` adds Finished. They are all that
the API layer knows of a turn.

    MessageStart(analysis)  TextDelta…  MessageEnd   MessageStart(final)  TextDelta…  MessageEnd   Finished
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from ossian.harmony.messages import Channel


@dataclass(frozen=True, slots=True)
class TokenText:
    """A token as a reader sees it. `bytes` may be part of a character."""

    token_id: int
    bytes: bytes
    logprob: float


@dataclass(frozen=True, slots=True)
class TokenChoice:
    """A generated token with its log probability and the most likely alternatives, best first."""

    chosen: TokenText
    top: tuple[TokenText, ...] = ()


class Recovery(StrEnum):
    """What was wrong where a message began."""

    NO_HEADER = "no_header"  # text came where a header should be
    OPEN_HEADER = "open_header"  # a header never came to its <|message|>
    NOISE = "noise"  # words that mean nothing stood in a header


@dataclass(frozen=True, slots=True)
class MessageStart:
    """The model began a message. With a `recovery` this is the best reading of what it wrote."""

    channel: Channel
    recipient: str | None = None
    content_type: str | None = None
    recovery: Recovery | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the current message's content. `text` ends at a character; it may be empty when `choices` is not."""

    text: str
    choices: tuple[TokenChoice, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageEnd:
    """The current message is over. `is_complete` is False when the turn was cut off inside it."""

    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts of one turn."""

    num_prompt_tokens: int = 0
    num_cached_tokens: int = 0
    num_completion_tokens: int = 0
    num_reasoning_tokens: int = 0  # tokens of analysis content; part of num_completion_tokens


@dataclass(frozen=True, slots=True)
class Finished:
    """The turn is over."""

    finish_reason: str  # "stop" or "length"
    stop_reason: str | int | None  # the stop string or the caller's stop token id that ended it
    usage: Usage
    prompt_choices: tuple[TokenChoice | None, ...] | None = None  # prompt logprobs, when asked for
    token_ids: tuple[int, ...] = field(default=(), compare=False, repr=False)  # all that the model wrote


HarmonyEvent: TypeAlias = MessageStart | TextDelta | MessageEnd
TurnEvent: TypeAlias = MessageStart | TextDelta | MessageEnd | Finished
