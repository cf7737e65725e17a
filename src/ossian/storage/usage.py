"""Usage, as the server and the command line use it."""

from collections.abc import Sequence
from decimal import Decimal

from ossian.storage import usage_rows as rows
from ossian.storage import usage_totals
from ossian.storage.account_records import (
    SpendingOwner,
    StoredUsage,
    UsageFilter,
    UsageGroup,
    UsagePeriod,
    UsageTotal,
)
from ossian.storage.records import Order, Page
from ossian.storage.transactions import Transactions

ALL = UsageFilter()


class UsageStore:
    """One record for each request, and what projects and keys spent. Times are in seconds since 1970."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def append(self, records: Sequence[StoredUsage]) -> None:
        """Store records, all or none; those that are stored already, by id, change nothing."""
        await self._transactions.write(lambda sql: rows.append(sql, records))

    async def purge(self, before: float) -> int:
        """Erase the records of requests that began before a time; return how many. What was spent stays as it is."""
        num_purged = 0
        while num := await self._transactions.write(lambda sql: rows.purge(sql, before)):
            num_purged += num
        return num_purged

    async def spent(self, owner: SpendingOwner, owner_id: str, since: int = 0) -> Decimal:
        """Return what the requests of a project or a key cost that began since then: 0, or a midnight of UTC."""
        assert since % rows.DAY == 0, "spending is counted by day"
        return await self._transactions.read(lambda sql: rows.spent(sql, owner, owner_id, since))

    async def totals(
        self,
        start: float,
        end: float,
        period: UsagePeriod | None = None,
        group_by: Sequence[UsageGroup] = (),
        wanted: UsageFilter = ALL,
    ) -> list[UsageTotal]:
        """Return sums over the requests that began in [start, end), by period of UTC and group, in that order.

        Without a period there is one, which begins at `start`. There is no total of nothing. Weeks begin on Monday.
        """
        return await self._transactions.read(lambda sql: usage_totals.totals(sql, start, end, period, group_by, wanted))

    async def page(
        self,
        start: float,
        end: float,
        wanted: UsageFilter = ALL,
        after: str | None = None,
        limit: int = 100,
        order: Order = "asc",
    ) -> Page[StoredUsage] | None:
        """Return at most `limit` records that follow the record `after`, of requests that began in [start, end).

        None when there is no record `after`.
        """
        return await self._transactions.read(lambda sql: rows.page(sql, start, end, wanted, after, limit, order))
