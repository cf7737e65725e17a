"""One assistant turn, from conversation to events: render → engine.generate → parse, with usage counted.

Read this first: it is where the halves of Ossian meet. It knows no HTTP and no OpenAI formats.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ossian.engine.base import Engine, SamplingParams
from ossian.harmony.events import Finished, TextDelta, TurnEvent
from ossian.harmony.messages import Conversation


@dataclass(frozen=True, slots=True)
class TurnRequest:
    """An assistant turn to generate."""

    request_id: str
    conversation: Conversation
    sampling: SamplingParams = SamplingParams()
    cache_salt: str = ""


@dataclass(frozen=True, slots=True)
class TextRequest:
    """A raw continuation to generate: no harmony, the prompt is used as it is."""

    request_id: str
    prompt: str | Sequence[int]
    sampling: SamplingParams = SamplingParams()
    cache_salt: str = ""


class TurnStream:
    """The events of an admitted turn; the last is Finished. Closing it early aborts the turn."""

    def __aiter__(self) -> "TurnStream":
        return self

    async def __anext__(self) -> TurnEvent:
        raise NotImplementedError

    async def aclose(self) -> None:
        raise NotImplementedError


class TextStream:
    """The deltas of an admitted raw continuation; the last is Finished. Closing it early aborts it."""

    def __aiter__(self) -> "TextStream":
        return self

    async def __anext__(self) -> TextDelta | Finished:
        raise NotImplementedError

    async def aclose(self) -> None:
        raise NotImplementedError


class Generation:
    """Generates turns with one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def turn(self, request: TurnRequest) -> TurnStream:
        """Admit a turn. Raises what `Engine.generate` raises, before any event."""
        raise NotImplementedError

    async def text(self, request: TextRequest) -> TextStream:
        """Admit a raw continuation. Raises what `Engine.generate` raises, before any delta."""
        raise NotImplementedError
