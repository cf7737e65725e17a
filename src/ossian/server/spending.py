"""What projects and keys have spent of their budgets.

What this process records counts at once. What others do is read from the database every few seconds, so several servers
together can pass a budget by what they spend in that time.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from time import monotonic, perf_counter
from typing import Final, Literal, TypeAlias

from ossian.accounts.budgets import Budget
from ossian.accounts.callers import Caller
from ossian.accounts.usage import UsageRecord
from ossian.server.usage_writer import UsageWriter

READ_SECONDS: Final = 5.0  # between two looks at the database
READ_SHARE: Final = 50  # and so many times as long as the last one took, if that is more

Kind: TypeAlias = Literal["project", "key"]
Owner: TypeAlias = tuple[Kind, str]
Spent: TypeAlias = Callable[[Kind, str, int], Awaitable[Decimal]]  # whose, and since when


@dataclass(slots=True)
class Sum:
    """What was spent since a time, as far as it is known; it is good until `stale_at`."""

    since: int
    amount: Decimal
    stale_at: float


class Spending:
    """Compares what was spent with budgets. `spent` asks the database, `writer` has what is not there yet.

    `now` is in seconds since 1970; `clock` measures time that passes, and nobody sets it.
    """

    def __init__(
        self,
        spent: Spent,
        writer: UsageWriter,
        currency: str,
        now: Callable[[], float],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._spent = spent
        self._writer = writer
        self._currency = currency
        self._now = now
        self._clock = clock
        self._sums: dict[Owner, Sum] = {}

    async def check(self, caller: Caller) -> None:
        """Raise BudgetSpentError when nothing is left for a caller's next request, StorageError when none knows."""
        for owner, name, budget in _budgets(caller):
            now = self._now()
            budget.check(await self._of(owner, budget.starts_at(now)), now, name, self._currency)

    def note(self, record: UsageRecord) -> None:
        """Count what a request cost."""
        for owner in _owners(record):
            known = self._sums.get(owner)
            if known is not None and record.started_at >= known.since:
                known.amount += record.cost

    async def _of(self, owner: Owner, since: int) -> Decimal:
        known = self._known(owner, since)
        if known is None:
            async with self._writer.pause:
                known = self._known(owner, since) or await self._read(owner, since)
        return known.amount

    def _known(self, owner: Owner, since: int) -> Sum | None:
        known = self._sums.get(owner)
        return known if known is not None and known.since == since and self._clock() < known.stale_at else None

    async def _read(self, owner: Owner, since: int) -> Sum:
        """Ask the database. The writer is paused, so that no record is counted twice or not at all."""
        began = perf_counter()
        amount = await self._spent(*owner, since)
        unwritten = (each for each in self._writer.waiting if owner in _owners(each) and each.started_at >= since)
        amount = sum((record.cost for record in unwritten), amount)
        patience = max(READ_SECONDS, READ_SHARE * (perf_counter() - began))
        self._sums[owner] = found = Sum(since, amount, self._clock() + patience)
        return found


def _budgets(caller: Caller) -> Iterator[tuple[Owner, str, Budget]]:
    if caller.project and caller.project.budget:
        yield ("project", caller.project.id), f"project '{caller.project.name}'", caller.project.budget
    if caller.key and caller.key.budget:
        yield ("key", caller.key.id), f"API key '{caller.key.name}'", caller.key.budget


def _owners(record: UsageRecord) -> Iterator[Owner]:
    if record.project_id:
        yield "project", record.project_id
    if record.key_id:
        yield "key", record.key_id
