"""Stored files, as the server uses them. Their content is in chunks: no file is ever in memory as a whole."""

from collections.abc import AsyncIterator
from typing import Final

from ossian.storage import file_rows as rows
from ossian.storage.file_records import StoredFile
from ossian.storage.records import Order, Page
from ossian.storage.transactions import Transactions

CHUNK_BYTES: Final = 1024 * 1024
UNFINISHED_SECONDS: Final = 86_400  # after which what an upload that broke off has left is erased


class FileStore:
    """Files. A caller's methods take the caller's scope: what is another's does not exist."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def begin(self, file: StoredFile) -> None:
        """Store a file without content that nobody sees before it is completed; its size is what is reserved for it."""
        await self._transactions.write(lambda sql: rows.begin(sql, file, file.created_at + UNFINISHED_SECONDS))

    async def append(self, file_id: str, position: int, body: bytes) -> None:
        """Store the next chunk of a file that was begun, at most CHUNK_BYTES of it; positions count from 0."""
        await self._transactions.write(lambda sql: rows.append(sql, file_id, position, body))

    async def complete(self, file: StoredFile) -> None:
        """Let a file be seen that was begun, as it is now."""
        await self._transactions.write(lambda sql: rows.complete(sql, file))

    async def discard(self, file_id: str) -> None:
        """Erase a file that was begun, or that is hidden."""
        while await self._transactions.write(lambda sql: rows.erase_part(sql, file_id)):
            pass

    async def num_bytes(self, scope: str) -> int:
        """Return how large the files of a scope are together, with what is reserved for those that are begun."""
        return await self._transactions.read(lambda sql: rows.num_bytes(sql, scope))

    async def get(self, scope: str, file_id: str, now: float) -> StoredFile | None:
        """Return a file, None when there is none."""
        return await self._transactions.read(lambda sql: rows.get(sql, scope, file_id, now))

    async def page(
        self,
        scope: str,
        now: float,
        purpose: str | None = None,
        after: str | None = None,
        limit: int = 20,
        order: Order = "desc",
    ) -> Page[StoredFile] | None:
        """Return at most `limit` files that follow the file `after`, by time of creation; None when it is not there."""
        return await self._transactions.read(lambda sql: rows.page(sql, scope, now, purpose, after, limit, order))

    async def chunks(self, file_id: str) -> AsyncIterator[bytes]:
        """Yield the content of a file, of any scope: look whose it is first."""
        position = 0
        while (body := await self._chunk(file_id, position)) is not None:
            yield body
            position += 1

    async def delete(self, scope: str, file_id: str, now: float) -> bool:
        """Hide a file at once, and erase its content; whether there was one. Raises FileInUseError for a batch's.

        What is left of it, its place in lists that are being read, goes with the next `purge`.
        """
        is_hidden = await self._transactions.write(lambda sql: rows.hide(sql, scope, file_id, now))
        while is_hidden and await self._transactions.write(lambda sql: rows.erase_chunks(sql, file_id)):
            pass
        return is_hidden

    async def purge(self, now: float) -> int:
        """Erase what has expired, what was hidden, and what uploads that broke off have left; return how many files."""
        await self._transactions.write(lambda sql: rows.hide_expired(sql, now))
        ids = await self._transactions.read(lambda sql: rows.erasable(sql, now))
        for file_id in ids:
            await self.discard(file_id)
        return len(ids)

    async def _chunk(self, file_id: str, position: int) -> bytes | None:
        return await self._transactions.read(lambda sql: rows.chunk(sql, file_id, position))
