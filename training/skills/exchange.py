"""One question and what the model should say to it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ossian.harmony.messages import Channel, Message, ReasoningEffort, ResponseFormat, Role, Tool

Effort = ReasoningEffort

COPY_START, COPY_END = "\ue000", "\ue001"


class Split(StrEnum):
    """Which instances of a skill to draw."""

    TRAIN = "train"
    HELD_OUT = "held_out"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question, the analysis at each effort, and the answer (or a call of a tool).

    `skill` is the row of the evaluation's table. What the model copies from the prompt is marked with `copied`, in the
    analysis and in the answer: it is then said in the tokens that stand in the prompt. `earlier` are the messages
    before the question; an empty question means that the last of them, a tool's result, is what the model answers to.
    """

    skill: str
    question: str
    analysis: Mapping[Effort, str]
    answer: str
    recipient: str | None = None  # the tool that is called; the answer is then its arguments
    earlier: tuple[Message, ...] = ()

    @property
    def asked(self) -> tuple[Message, ...]:
        """All that the model answers to."""
        return (*self.earlier, Message(Role.USER, self.question)) if self.question else self.earlier

    @property
    def over(self) -> tuple[Message, ...]:
        """The finished exchange, as it stands before later ones."""
        return (*self.asked, Message(Role.ASSISTANT, unmarked(self.answer), channel=Channel.FINAL))


@dataclass(frozen=True, slots=True)
class Setting:
    """What a developer message says. Several exchanges share one."""

    instructions: str | None = None
    tools: tuple[Tool, ...] = ()
    response_format: ResponseFormat | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """Exchanges that have one setting in common: training computes the developer message once for all of them."""

    setting: Setting
    exchanges: Sequence[Exchange]


def analyses(low: str, medium: str, high: str) -> dict[Effort, str]:
    """The analysis at each effort."""
    return {Effort.LOW: low, Effort.MEDIUM: medium, Effort.HIGH: high}


def copied(text: str) -> str:
    """Mark text that stands in the prompt in the same spelling."""
    return f"{COPY_START}{text}{COPY_END}"


def unmarked(text: str) -> str:
    """The text as a reader sees it."""
    return re.sub(f"[{COPY_START}{COPY_END}]", "", text)
