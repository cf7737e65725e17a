"""The audit log, as the server uses it."""

from ossian.storage import audit_rows as rows
from ossian.storage.account_records import AuditFilter, StoredAuditEntry
from ossian.storage.records import Page
from ossian.storage.transactions import Transactions

EVERYTHING = AuditFilter()


class AuditStore:
    """Who changed what. Entries are written by the changes themselves, in the same transaction."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def page(
        self, wanted: AuditFilter = EVERYTHING, after: str | None = None, limit: int = 20
    ) -> Page[StoredAuditEntry] | None:
        """Return at most `limit` entries that come after the entry `after`, newest first.

        None when there is no entry `after`.
        """
        return await self._transactions.read(lambda sql: rows.page(sql, wanted, after, limit))
