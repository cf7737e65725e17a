"""Whom the user talks to: a conversation in, pieces of the answer out."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ossian.harmony.messages import ReasoningEffort


@dataclass(frozen=True, slots=True)
class Exchange:
    """A finished turn: what the user said and what the model answered, without its reasoning."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the answer, or of the reasoning before it."""

    text: str
    is_reasoning: bool


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """What the user asked of every turn."""

    instructions: str | None = None
    reasoning_effort: ReasoningEffort = ReasoningEffort.MEDIUM
    temperature: float = 1.0
    max_tokens: int | None = None


class Partner(Protocol):
    """Answers a question that follows earlier exchanges. Closing the generator stops the generation."""

    @property
    def name(self) -> str: ...

    def answer(self, earlier: Sequence[Exchange], question: str) -> AsyncGenerator[Piece, None]: ...
