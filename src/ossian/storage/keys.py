"""API keys, as the server and the command line use them."""

from collections.abc import Mapping

from ossian.storage import key_rows as rows
from ossian.storage.account_records import StoredAdminKey, StoredAuditEntry, StoredKey, StoredProject
from ossian.storage.key_rows import AdminKeyChange, KeyChange
from ossian.storage.records import Order, Page
from ossian.storage.transactions import Transactions


class KeyStore:
    """Projects' keys and admin keys. Each change is written together with the audit entry that tells of it."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def create(self, key: StoredKey, entry: StoredAuditEntry) -> bool:
        """Store a new key. False, and nothing stored, when there is no such project or it is archived."""
        return await self._transactions.write(lambda sql: rows.create(sql, key, entry))

    async def create_admin(self, key: StoredAdminKey, entry: StoredAuditEntry) -> None:
        """Store a new admin key."""
        await self._transactions.write(lambda sql: rows.create_admin(sql, key, entry))

    async def find(self, digest: str) -> tuple[StoredKey, StoredProject] | None:
        """Return the key whose secret has this digest, and its project; None when there is none."""
        return await self._transactions.read(lambda sql: rows.find(sql, digest))

    async def find_admin(self, digest: str) -> StoredAdminKey | None:
        """Return the admin key whose secret has this digest, None when there is none."""
        return await self._transactions.read(lambda sql: rows.find_admin(sql, digest))

    async def find_by_id(self, key_id: str) -> StoredKey | None:
        """Return a key, whichever project's it is; None when there is none. For operators, who see all."""
        return await self._transactions.read(lambda sql: rows.find_by_id(sql, key_id))

    async def find_by_prefix(self, prefix: str) -> StoredKey | None:
        """Return the key with a prefix, whichever project's it is; None when there is none.

        Also when there are several: nobody shall change another key than the one that he means.
        """
        return await self._transactions.read(lambda sql: rows.find_by_prefix(sql, prefix))

    async def has_keys(self) -> bool:
        """Tell whether there is any project's key that is not revoked."""
        return await self._transactions.read(rows.has_keys)

    async def get(self, project_id: str, key_id: str) -> StoredKey | None:
        """Return a project's key, None when it has no such key."""
        return await self._transactions.read(lambda sql: rows.get(sql, project_id, key_id))

    async def get_admin(self, key_id: str) -> StoredAdminKey | None:
        """Return an admin key, None when there is none."""
        return await self._transactions.read(lambda sql: rows.get_admin(sql, key_id))

    async def page(
        self,
        project_id: str,
        after: str | None = None,
        limit: int = 20,
        order: Order = "asc",
        include_revoked: bool = False,
    ) -> Page[StoredKey] | None:
        """Return at most `limit` of a project's keys that follow the key `after`, by age; None: no such key."""
        return await self._transactions.read(
            lambda sql: rows.page(sql, project_id, after, limit, order, include_revoked)
        )

    async def page_admin(
        self, after: str | None = None, limit: int = 20, order: Order = "asc", include_revoked: bool = False
    ) -> Page[StoredAdminKey] | None:
        """Return at most `limit` admin keys that follow the key `after`, by age; None: no such key."""
        return await self._transactions.read(lambda sql: rows.page_admin(sql, after, limit, order, include_revoked))

    async def update(self, project_id: str, key_id: str, change: KeyChange) -> StoredKey | None:
        """Store what `change` makes of a key, with the entry that it returns; None when the project has no such key.

        Nobody else can change the key between what `change` is given and what it returns. What it raises is raised, and
        nothing is stored; so it is without an entry. It may run more than once, and in another thread.
        """
        return await self._transactions.write(lambda sql: rows.update(sql, project_id, key_id, change))

    async def update_admin(self, key_id: str, change: AdminKeyChange) -> StoredAdminKey | None:
        """Do the same with an admin key."""
        return await self._transactions.write(lambda sql: rows.update_admin(sql, key_id, change))

    async def note_used(self, times: Mapping[str, int]) -> None:
        """Store when keys of either kind were last used; an earlier time than the one that is stored is left."""
        await self._transactions.write(lambda sql: rows.note_used(sql, times))
