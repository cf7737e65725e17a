"""Whom the user talks to: a conversation in, pieces of the answer and calls of tools out."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ossian.harmony.messages import ReasoningEffort, Tool


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model wants to have called; `arguments` is what it wrote, which need not be JSON."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Round:
    """What the model said before it called tools, the calls, and the result of each."""

    reasoning: str
    text: str
    calls: tuple[ToolCall, ...]
    results: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A finished turn: what the user said, the tools that were called, and what the model answered in the end."""

    question: str
    answer: str
    rounds: tuple[Round, ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the answer, or of the reasoning before it."""

    text: str
    is_reasoning: bool


@dataclass(frozen=True, slots=True)
class CutOff:
    """The answer stopped at a limit of tokens; it is the last that is said."""


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """What the user asked of every turn."""

    instructions: str = ""
    reasoning_effort: ReasoningEffort = ReasoningEffort.MEDIUM
    temperature: float | None = None
    max_tokens: int | None = None
    tools: tuple[Tool, ...] = ()


class Partner(Protocol):
    """Answers a question that follows earlier exchanges, given the tool results of its `rounds` so far.

    The calls, or CutOff, come after the pieces; without them the answer is complete. Closing the generator stops the
    generation.
    """

    @property
    def name(self) -> str: ...

    def answer(
        self, earlier: Sequence[Exchange], question: str, rounds: Sequence[Round] = ()
    ) -> AsyncGenerator[Piece | ToolCall | CutOff, None]: ...
