"""Stored batches, as the server uses them; the SQL is in batch_rows."""

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Final

from ossian.storage import batch_rows as rows
from ossian.storage.batch_rows import Change, Created
from ossian.storage.file_records import StoredBatch, StoredFile, StoredResult
from ossian.storage.records import Order, Page
from ossian.storage.transactions import Transactions

NUM_RESULTS_READ: Final = 50  # at once, and no more than
RESULT_BYTES_READ: Final = 8 * 1024 * 1024  # together, but for one that is larger alone


class BatchStore:
    """Batches and the results of their lines.

    A caller's methods take the caller's scope: what is another's does not exist. Those of a server that runs batches
    take its name, `owner`: what another server has taken over is not its own any more.
    """

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def create(self, batch: StoredBatch, max_num_unfinished: int, now: float) -> Created:
        """Store a new batch, unless its input file is not there or its scope has too many that are unfinished."""
        return await self._transactions.write(lambda sql: rows.create(sql, batch, max_num_unfinished, now))

    async def get(self, scope: str, batch_id: str) -> StoredBatch | None:
        """Return a batch, None when there is none."""
        return await self._transactions.read(lambda sql: rows.get(sql, scope, batch_id))

    async def page(
        self, scope: str, after: str | None = None, limit: int = 20, order: Order = "desc"
    ) -> Page[StoredBatch] | None:
        """Return at most `limit` batches that follow the batch `after`, by time of creation; None without that one."""
        return await self._transactions.read(lambda sql: rows.page(sql, scope, after, limit, order))

    async def request_cancel(
        self, scope: str, batch_id: str, statuses: Collection[str], change: Change
    ) -> StoredBatch | None:
        """Change a batch if it is in one of these states, and return it as it is then; None when there is none."""
        return await self._transactions.write(lambda sql: rows.request_cancel(sql, scope, batch_id, statuses, change))

    async def claim(self, owner: str, now: float, until: float) -> list[StoredBatch]:
        """Take the unfinished batches that nobody runs, or whose owner was not heard of in time; the oldest first."""
        return await self._transactions.write(lambda sql: rows.claim(sql, owner, now, until))

    async def renew(self, owner: str, ids: Collection[str], until: float) -> dict[str, str]:
        """Say that `owner` runs these batches still; return the states of those that it has, by their ids."""
        return await self._transactions.write(lambda sql: rows.renew(sql, owner, ids, until))

    async def statuses(self, owner: str) -> dict[str, str]:
        """Return the states of the batches that an owner runs, by their ids."""
        return await self._transactions.read(lambda sql: rows.statuses(sql, owner))

    async def release(self, owner: str, batch_id: str) -> None:
        """Leave a batch to whoever takes it next."""
        await self._transactions.write(lambda sql: rows.release(sql, owner, batch_id))

    async def change(
        self, owner: str, batch_id: str, statuses: Collection[str], change: Change, num_lines: int | None = None
    ) -> StoredBatch | None:
        """Change an owner's batch and how many lines it has; None when it is not its own, or not in these states."""
        return await self._transactions.write(
            lambda sql: rows.change(sql, owner, batch_id, statuses, change, num_lines)
        )

    async def add_result(self, owner: str, batch_id: str, result: StoredResult) -> bool:
        """Store what became of a line, once. False, and nothing stored, when the batch is not the owner's any more."""
        return await self._transactions.write(lambda sql: rows.add_result(sql, owner, batch_id, result))

    async def done_lines(self, batch_id: str) -> set[int]:
        """Return the numbers of the lines that have a result."""
        return set(await self._transactions.read(lambda sql: rows.done_lines(sql, batch_id)))

    async def results(self, batch_id: str) -> AsyncIterator[StoredResult]:
        """Yield the results of a batch in the order of its lines."""
        line = 0
        while found := await self._results(batch_id, line):
            for result in found:
                yield result
            line = found[-1].line

    async def finish(
        self,
        owner: str,
        batch_id: str,
        statuses: Collection[str],
        change: Change,
        written: Sequence[StoredFile] = (),
        num_unmade: int = 0,
    ) -> StoredBatch | None:
        """End an owner's batch, and let the files be seen that were written for it, in one transaction.

        `num_unmade` of its lines have no result, and count as failed. None when it is in none of these states, or not
        the owner's.
        """
        return await self._transactions.write(
            lambda sql: rows.finish(sql, owner, batch_id, statuses, change, written, num_unmade)
        )

    async def purge(self) -> None:
        """Erase the results of batches that have ended: they are in files."""
        while await self._transactions.write(rows.erase_results):
            pass

    async def _results(self, batch_id: str, after_line: int) -> list[StoredResult]:
        return await self._transactions.read(
            lambda sql: rows.results(sql, batch_id, after_line, NUM_RESULTS_READ, RESULT_BYTES_READ)
        )
