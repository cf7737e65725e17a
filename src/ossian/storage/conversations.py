"""Stored conversations, as the server uses them."""

from collections.abc import Sequence

from ossian.storage import conversation_rows as rows
from ossian.storage.records import JsonObject, Order, Page, StoredConversation
from ossian.storage.transactions import Transactions


class ConversationStore:
    """Conversations and their items. What is another scope's does not exist."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def create(self, conversation: StoredConversation, items: Sequence[JsonObject] = ()) -> bool:
        """Store a new conversation with its first items. False, and nothing stored, when the id is taken."""
        return await self._transactions.write(lambda sql: rows.create(sql, conversation, items))

    async def get(self, scope: str, conversation_id: str) -> StoredConversation | None:
        """Return a conversation without its items, None when there is none."""
        return await self._transactions.read(lambda sql: rows.get(sql, scope, conversation_id))

    async def update(self, scope: str, conversation_id: str, metadata: JsonObject) -> StoredConversation | None:
        """Replace the metadata; return the conversation as it is now, None when there is none."""
        return await self._transactions.write(lambda sql: rows.update(sql, scope, conversation_id, metadata))

    async def delete(self, scope: str, conversation_id: str) -> bool:
        """Erase a conversation and its items. False when there is none."""
        return await self._transactions.write(lambda sql: rows.delete(sql, scope, conversation_id))

    async def append(self, scope: str, conversation_id: str, bodies: Sequence[JsonObject]) -> bool:
        """Add items at the end; one whose id is there already takes its place. False when there is no conversation."""
        return await self._transactions.write(lambda sql: rows.append(sql, scope, conversation_id, bodies))

    async def items(self, scope: str, conversation_id: str) -> list[JsonObject]:
        """Return all items, oldest first; none when there is no conversation."""
        return await self._transactions.read(lambda sql: rows.items(sql, scope, conversation_id))

    async def num_chars(self, scope: str, conversation_id: str) -> int:
        """Return how large the items of a conversation are together, in characters of JSON."""
        return await self._transactions.read(lambda sql: rows.num_chars(sql, scope, conversation_id))

    async def page(
        self, scope: str, conversation_id: str, after: str | None = None, limit: int = 20, order: Order = "desc"
    ) -> Page[JsonObject] | None:
        """Return at most `limit` items that follow the item `after`.

        None when there is no such conversation, or no such item in it.
        """
        return await self._transactions.read(lambda sql: rows.page(sql, scope, conversation_id, after, limit, order))

    async def item(self, scope: str, conversation_id: str, item_id: str) -> JsonObject | None:
        """Return one item, None when there is none."""
        return await self._transactions.read(lambda sql: rows.item(sql, scope, conversation_id, item_id))

    async def delete_item(self, scope: str, conversation_id: str, item_id: str) -> bool:
        """Erase one item. False when there is none."""
        return await self._transactions.write(lambda sql: rows.delete_item(sql, scope, conversation_id, item_id))
