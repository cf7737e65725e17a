"""Chat completions that say what they cost: in the whole answer, or in the last chunk of a stream."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Protocol

from ossian.api.aimlapi.amounts import meta
from ossian.api.fields import JsonObject
from ossian.harmony.events import Finished, TurnEvent


class Chunks(Protocol):
    """Makes chunks from the events of turns."""

    def open(self) -> Iterator[JsonObject]: ...

    def push(self, index: int, event: TurnEvent) -> Iterator[JsonObject]: ...

    def close(self) -> Iterator[JsonObject]: ...


class Answer(Protocol):
    """Folds chunks into the full answer."""

    def add(self, chunk: JsonObject) -> None: ...

    def body(self) -> JsonObject: ...


class PricedChunks:
    """The chunks of an answer, of which the last has its cost. `price` is asked when all its turns have finished."""

    def __init__(self, chunks: Chunks, num_choices: int, price: Callable[[], Decimal]) -> None:
        self._chunks = chunks
        self._num_running = num_choices
        self._price = price
        self._last: JsonObject = {}  # held back, until it is known whether another follows

    def open(self) -> Iterator[JsonObject]:
        """Yield the first chunks."""
        return self._chunks.open()

    def push(self, index: int, event: TurnEvent) -> Iterator[JsonObject]:
        """Yield the chunks of an event, but for the very last."""
        made = list(self._chunks.push(index, event))
        if isinstance(event, Finished):
            self._num_running -= 1
            if self._num_running == 0:
                self._last = made.pop()
        yield from made

    def close(self) -> Iterator[JsonObject]:
        """Yield the last chunks."""
        *others, last = self._last, *self._chunks.close()
        yield from others
        yield last | {"meta": meta(self._price())}


class PricedAnswer:
    """The full answer with its cost."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._meta: JsonObject = {}

    def add(self, chunk: JsonObject) -> None:
        """Add the next chunk."""
        self._meta = chunk.get("meta", self._meta)
        self._answer.add(chunk)

    def body(self) -> JsonObject:
        """Return the answer."""
        return self._answer.body() | {"meta": self._meta}
