"""The limits, budgets, queues and usage records of one server process, all models together."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

import structlog

from ossian.accounts.counters import MEMORY, Counters, counters_at
from ossian.accounts.fairness import FairQueue
from ossian.accounts.limiter import RUNNING_SECONDS, Admission, Limiter
from ossian.accounts.limits import profile_of
from ossian.accounts.quotas import Quota, quotas_of
from ossian.accounts.stored import stored_usage
from ossian.accounts.usage import UsageRecord
from ossian.errors import BudgetSpentError, LimitReachedError, StorageError
from ossian.server.metering import Meter, Metered
from ossian.server.observability import Metrics
from ossian.server.spending import Spending
from ossian.server.usage_writer import UsageWriter
from ossian.settings import LimitSettings, Settings
from ossian.storage.database import Database

SETTLE_SECONDS: Final = 1.0  # until counters that were away are asked again

log = structlog.get_logger()


class Accounting:
    """Lets requests begin, and keeps account of them. `now` is in seconds since 1970."""

    def __init__(self, settings: Settings, metrics: Metrics, now: Callable[[], float]) -> None:
        """Raise ConfigurationError for counters that cannot be."""
        self._settings = settings
        self._metrics = metrics
        self._now = now
        self._counters = counters_of(settings.limits)
        self._limiter = Limiter(self._counters)
        self._profile = profile_of(settings.limits)
        self._queues: dict[str, FairQueue] = {}
        self._settling: set[asyncio.Task[None]] = set()
        self._settling_later: set[asyncio.Task[None]] = set()
        self._writer: UsageWriter | None = None
        self._spending: Spending | None = None

    def open(self, database: Database) -> None:
        """Write to an open database from now on."""

        async def append(records: Sequence[UsageRecord]) -> None:
            await database.usage.append([stored_usage(record) for record in records])

        self._writer = UsageWriter(append, self._settings.usage.max_waiting, self._metrics)
        self._spending = Spending(database.usage.spent, self._writer, self._settings.catalog.currency, self._now)
        self._metrics.watch_usage(lambda: self.writer.num_waiting)
        self._writer.open()

    async def aclose(self) -> None:
        """Settle and write all that is not yet; counters that are away are not waited for."""
        await asyncio.gather(*self._settling, return_exceptions=True)
        for task in self._settling_later:
            task.cancel()
        await asyncio.gather(*self._settling_later, return_exceptions=True)
        await self.writer.aclose()
        await self._counters.aclose()

    @property
    def writer(self) -> UsageWriter:
        """What writes the records. It is there while the application runs."""
        assert self._writer is not None, "the application has not started"
        return self._writer

    @property
    def spending(self) -> Spending:
        """What was spent. It is there while the application runs."""
        assert self._spending is not None, "the application has not started"
        return self._spending

    async def begin(self, metered: Metered) -> Meter:
        """Count a request, and return its meter, which must be closed.

        Raises BudgetSpentError and LimitReachedError, after which nothing is counted, and StorageError when the
        database or the counters cannot be asked.
        """
        with self._refusals_counted():
            await self.spending.check(metered.caller)
            admission = Admission(self._quotas_of(metered))
            try:
                await self._limiter.admit(admission, 0, self._now())
            except BaseException:
                await self.settle(admission, 0)  # what could not be given back, because the counters were away
                raise
        return Meter(metered, admission, self._queue_of(metered.model_id), self)

    async def reserve(self, admission: Admission, num_tokens: int) -> None:
        """Count tokens of a request. Raises LimitReachedError, and the request does not count at all then."""
        with self._refusals_counted():
            await self._limiter.reserve(admission, num_tokens, self._now())

    async def settle(self, admission: Admission, num_tokens: int) -> None:
        """Give back what a request did not use, even when whoever waits for it is cancelled."""
        if admission.charges:
            task = asyncio.create_task(self._settle(admission, num_tokens))
            self._settling.add(task)
            task.add_done_callback(self._settling.discard)
            await asyncio.shield(task)

    def note(self, record: UsageRecord) -> None:
        """Take notice of what a request used."""
        self.writer.add(record)
        self.spending.note(record)

    async def _settle(self, admission: Admission, num_tokens: int) -> None:
        """Settle, now or in a while: a place that is never given back is lost to its project for up to an hour."""
        try:
            await self._limiter.settle(admission, num_tokens, self._now())
        except StorageError as error:
            log.error("limits could not be settled", reason=error.reason, next="trying again")
            task = asyncio.create_task(self._settle_later(admission, num_tokens))
            self._settling_later.add(task)
            task.add_done_callback(self._settling_later.discard)

    async def _settle_later(self, admission: Admission, num_tokens: int) -> None:
        until = self._now() + 2 * RUNNING_SECONDS  # then every window that it counted in is over
        while self._now() < until:
            await asyncio.sleep(SETTLE_SECONDS)
            with suppress(StorageError):
                return await self._limiter.settle(admission, num_tokens, self._now())

    def _quotas_of(self, metered: Metered) -> tuple[Quota, ...]:
        quotas = quotas_of(metered.caller, metered.model_id, self._profile)
        if metered.batch_id is None:
            return quotas
        # A line of a batch waits for its place and leaves the limits to other requests; but none opens what is closed.
        return tuple(quota for quota in quotas if quota.limits.is_closed)

    def _queue_of(self, model_id: str) -> FairQueue:
        if model_id not in self._queues:
            engine = self._settings.engine
            queue = self._queues[model_id] = FairQueue(engine.max_num_seqs, engine.max_num_waiting)
            self._metrics.watch_queue(model_id, queue)
        return self._queues[model_id]

    @contextmanager
    def _refusals_counted(self) -> Iterator[None]:
        try:
            yield
        except (LimitReachedError, BudgetSpentError) as error:
            self._metrics.refusals.labels("limit" if isinstance(error, LimitReachedError) else "budget").inc()
            raise


def counters_of(settings: LimitSettings) -> Counters:
    """Return what the limits are counted with. Raises ConfigurationError for a URL of no Redis."""
    return counters_at(settings.counters_url.get_secret_value() if settings.counters_url else MEMORY)
