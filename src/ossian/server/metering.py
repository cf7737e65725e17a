"""One request that uses a model: what it may use, what it uses, and what it costs."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from time import perf_counter
from typing import Protocol, TypeVar

from ossian.accounts.callers import Caller
from ossian.accounts.fairness import FairQueue
from ossian.accounts.limiter import Admission
from ossian.accounts.scopes import Endpoint
from ossian.accounts.usage import UsageRecord
from ossian.api.usage import total
from ossian.catalog.prices import cost
from ossian.errors import LimitReachedError
from ossian.harmony.events import TextDelta, TurnEvent, Usage
from ossian.server.turns import EventSource
from ossian.settings import ModelPrices

MAX_NAME_KEPT = 256  # characters of the name that was asked for; a virtual name can be as long as a body

RequestT = TypeVar("RequestT")


class MeteredSource(EventSource, Protocol):
    """The events of one turn, which knows what it has used so far."""

    @property
    def usage(self) -> Usage: ...


class Ledger(Protocol):
    """Where requests are counted and written down."""

    async def reserve(self, admission: Admission, num_tokens: int) -> None:
        """Count tokens of a request. Raises LimitReachedError, and the request does not count at all then."""
        ...

    async def settle(self, admission: Admission, num_tokens: int) -> None:
        """Give back what a request did not use. Raises nothing."""
        ...

    def note(self, record: UsageRecord) -> None:
        """Take notice of what a request used."""
        ...


@dataclass(frozen=True, slots=True)
class Metered:
    """What is known of a request when it begins: at `started_at`, since 1970, which is `began` on `perf_counter`."""

    request_id: str
    endpoint: Endpoint
    caller: Caller
    model_asked: str
    model_id: str
    prices: ModelPrices
    started_at: float
    began: float
    batch_id: str | None = None

    @property
    def is_patient(self) -> bool:
        """Whether others go first: the lines of batches wait for the gaps."""
        return self.batch_id is not None


class Meter:
    """Counts one request, whatever number of turns it has.

    await meter.enter(num_tokens)                              a place for it, after waiting
    turns = await admit(requests, meter.watching(start), …)     which the meter is told the events of
    await meter.close(status)                                  always, and once
    """

    def __init__(self, metered: Metered, admission: Admission, queue: FairQueue, ledger: Ledger) -> None:
        self.metered = metered
        self.outlives_request = False  # whoever sets it closes the meter; the end of the HTTP request does not
        self.counts_output = True
        self._admission = admission
        self._queue = queue
        self._ledger = ledger
        self._sources: list[MeteredSource] = []
        self._num_answers = 1
        self._num_places = 1
        self._first_token: float | None = None
        self._is_reserved = False
        self._is_refused = False
        self._has_place = False
        self._is_closed = False

    @property
    def headers(self) -> dict[str, str]:
        """The x-ratelimit headers of the answer."""
        return self._admission.headers

    @property
    def usage(self) -> Usage:
        """What the request has used so far: all its turns, each prompt once."""
        usages = [source.usage for source in self._sources]
        size = self._num_answers
        return total([usages[first : first + size] for first in range(0, len(usages), size)])

    @property
    def has_room(self) -> bool:
        """Whether the request need not wait for its place."""
        return self._has_place or self._queue.has_room

    @property
    def price(self) -> Decimal:
        """What that costs, in the catalog's currency."""
        return self._price_of(self.usage)

    def _price_of(self, usage: Usage) -> Decimal:
        return cost(
            self.metered.prices,
            num_input_tokens=usage.num_prompt_tokens,
            num_cached_tokens=min(usage.num_cached_tokens, usage.num_prompt_tokens),
            num_output_tokens=usage.num_completion_tokens if self.counts_output else 0,
        )

    async def reserve(self, num_tokens: int) -> None:
        """Count the tokens that the request may use, once. Raises LimitReachedError and StorageError."""
        if self._is_reserved:
            return
        try:
            await self._ledger.reserve(self._admission, num_tokens)
        except LimitReachedError:
            self._is_refused = True
            raise
        self._is_refused, self._is_reserved = False, True

    async def enter(self, num_tokens: int, num_turns: int = 1) -> None:
        """Reserve the tokens, and wait for places for the turns among the running requests of the model.

        Raises what `reserve` does, and EngineOverloadedError when too many wait, after which it can be asked again.
        """
        await self.reserve(num_tokens)
        if not self._has_place:
            await self._queue.enter(self.project_id, num_turns, is_patient=self.metered.is_patient)
            self._has_place, self._num_places = True, num_turns

    def watching(
        self, start: Callable[[RequestT], Awaitable[MeteredSource]], num_answers: int = 1
    ) -> Callable[[RequestT], Awaitable[EventSource]]:
        """Return `start`, with an eye on what it starts: so many answers to each prompt, one after the other."""
        self._num_answers = num_answers

        async def started(request: RequestT) -> EventSource:
            source = await start(request)
            self._sources.append(source)
            return source

        return started

    def note(self, event: TurnEvent) -> None:
        """Take notice of the next event of any turn."""
        if self._first_token is None and isinstance(event, TextDelta):
            self._first_token = perf_counter()

    async def close(self, status: int) -> None:
        """Give the place back, write down what was used, settle the limits. Not a second time."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._has_place:
            self._queue.leave(self.project_id, self._num_places, is_patient=self.metered.is_patient)
        record = self._record(status)
        if not self._is_refused:
            self._ledger.note(record)
        await self._ledger.settle(self._admission, record.usage.num_prompt_tokens + record.usage.num_completion_tokens)

    @property
    def project_id(self) -> str:
        """Whose turn it is in a queue: all callers without a project are one."""
        project = self.metered.caller.project
        return "" if project is None else project.id

    def _record(self, status: int) -> UsageRecord:
        metered, caller, usage = self.metered, self.metered.caller, self.usage
        return UsageRecord(
            request_id=metered.request_id,
            endpoint=metered.endpoint,
            model_asked=metered.model_asked[:MAX_NAME_KEPT],
            model=metered.model_id,
            started_at=metered.started_at,
            duration=perf_counter() - metered.began,
            status=status,
            project_id=caller.project.id if caller.project else None,
            key_id=caller.key.id if caller.key else None,
            time_to_first_token=None if self._first_token is None else self._first_token - metered.began,
            usage=usage,
            price=self._price_of(usage),
            batch_id=metered.batch_id,
        )


def num_reserved(prompts: Sequence[Sequence[int]], max_tokens: Sequence[int | None]) -> int:
    """Return the tokens that a request may use, as far as it says: its prompts, and the most that each turn writes."""
    return sum(map(len, prompts)) + sum(each or 0 for each in max_tokens)
