"""Stored responses, as the server uses them; the SQL is in the modules beside this one."""

from collections.abc import Collection, Sequence

from ossian.storage import chains, response_rows, runs
from ossian.storage.records import JsonObject, StoredResponse
from ossian.storage.transactions import Transactions


class ResponseStore:
    """Responses with their items, chains and events.

    A caller's methods take the caller's scope: what is another's does not exist. Those of a server that generates
    background responses (start, append_events, renew_leases, expired, cancel_requested) do not.
    """

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def finish(self, response: StoredResponse, *, conversation_items: Sequence[JsonObject] = ()) -> bool:
        """Store a finished response with its items, and append to its conversation, in one transaction.

        On disk when it returns. False, and nothing stored, when the id is taken or, for a background response, when
        it is not running any more: another server took this one for dead, or the caller deleted it. A conversation
        that was deleted meanwhile gets nothing.
        """
        return await self._transactions.write(lambda sql: response_rows.finish(sql, response, conversation_items))

    async def start(self, response: StoredResponse, owner: str, lease_expires_at: float) -> bool:
        """Store a background response that `owner` is about to generate. False when the id is taken."""
        return await self._transactions.write(lambda sql: response_rows.start(sql, response, owner, lease_expires_at))

    async def begin(self, response: StoredResponse) -> bool:
        """Change status and body of a started response: it is in progress now. False when it has ended meanwhile."""
        return await self._transactions.write(lambda sql: response_rows.begin(sql, response))

    async def get(self, scope: str, response_id: str) -> StoredResponse | None:
        """Return a response, None when there is none."""
        return await self._transactions.read(lambda sql: response_rows.get(sql, scope, response_id))

    async def status(self, scope: str, response_id: str) -> str | None:
        """Return a response's status without its body and items, None when there is none."""
        return await self._transactions.read(lambda sql: response_rows.status(sql, scope, response_id))

    async def delete(self, scope: str, response_id: str) -> bool:
        """Hide a response at once, and erase it when no other continues it. False when there is none.

        One that is running is erased when it finishes, and asked to stop.
        """
        return await self._transactions.write(lambda sql: chains.delete(sql, scope, response_id))

    async def context(self, scope: str, response_id: str) -> list[JsonObject] | None:
        """Return the input and output items of a response and of all it continues, oldest first.

        None when there is no such response, or when one that it continues was never stored.
        """
        return await self._transactions.read(lambda sql: chains.context(sql, scope, response_id))

    async def find_items(self, scope: str, ids: Collection[str]) -> dict[str, JsonObject]:
        """Return those of the items that are in the caller's responses and conversations, by id."""
        return await self._transactions.read(lambda sql: response_rows.find_items(sql, scope, ids))

    async def append_events(self, response_id: str, first_index: int, bodies: Sequence[JsonObject]) -> bool:
        """Store events of a running response, the first of them its event number `first_index`.

        False, and nothing stored, when it is not running any more.
        """
        return await self._transactions.write(lambda sql: runs.append_events(sql, response_id, first_index, bodies))

    async def events(self, scope: str, response_id: str, start_index: int = 0) -> list[JsonObject]:
        """Return the stored events of a response from number `start_index` on; none when there is no response."""
        return await self._transactions.read(lambda sql: runs.events(sql, scope, response_id, start_index))

    async def renew_leases(self, owner: str, ids: Collection[str], until: float) -> set[str]:
        """Say that `owner` is generating these responses still; return those of which that is true."""
        return await self._transactions.write(lambda sql: runs.renew_leases(sql, owner, ids, until))

    async def expired(self, now: float) -> list[StoredResponse]:
        """Return the running responses whose owner has not been heard of in time. The caller finishes them."""
        return await self._transactions.read(lambda sql: runs.expired(sql, now))

    async def request_cancel(self, scope: str, response_id: str) -> bool:
        """Ask the owner of a running response to stop. False when there is none that runs."""
        return await self._transactions.write(lambda sql: runs.request_cancel(sql, scope, response_id))

    async def cancel_requested(self, owner: str) -> set[str]:
        """Return which of the responses that `owner` is generating are to stop: cancelled or deleted ones."""
        return await self._transactions.read(lambda sql: runs.cancel_requested(sql, owner))

    async def purge(self, now: float) -> int:
        """Delete the finished responses that expired before `now`; return how many those were.

        What was deleted before then is in none of SQLite's files any more.
        """
        num_purged = 0
        while num := await self._transactions.write(lambda sql: chains.purge(sql, now)):
            num_purged += num
        await self._transactions.empty_log()
        return num_purged
