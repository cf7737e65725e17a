"""Stored prompts, as the server uses them."""

from ossian.storage import prompt_rows as rows
from ossian.storage.records import JsonObject, Order, Page, StoredPrompt
from ossian.storage.transactions import Transactions


class PromptStore:
    """Prompts and their versions. What is another scope's does not exist."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def create(self, scope: str, prompt_id: str, body: JsonObject, created_at: int) -> StoredPrompt | None:
        """Store a new prompt as its version 1. None, and nothing stored, when the id is taken."""
        return await self._transactions.write(lambda sql: rows.create(sql, scope, prompt_id, body, created_at))

    async def add_version(self, scope: str, prompt_id: str, body: JsonObject, created_at: int) -> StoredPrompt | None:
        """Store the next version of a prompt, None when there is no such prompt."""
        return await self._transactions.write(lambda sql: rows.add_version(sql, scope, prompt_id, body, created_at))

    async def get(self, scope: str, prompt_id: str, version: int | None = None) -> StoredPrompt | None:
        """Return a version of a prompt, the newest by default; None when there is none."""
        return await self._transactions.read(lambda sql: rows.get(sql, scope, prompt_id, version))

    async def page(
        self, scope: str, after: str | None = None, limit: int = 20, order: Order = "desc"
    ) -> Page[StoredPrompt] | None:
        """Return the newest versions of at most `limit` prompts that follow the prompt `after`, by time of creation.

        None when there is no prompt `after`.
        """
        return await self._transactions.read(lambda sql: rows.page(sql, scope, after, limit, order))

    async def delete(self, scope: str, prompt_id: str) -> bool:
        """Erase a prompt with all its versions. False when there is none."""
        return await self._transactions.write(lambda sql: rows.delete(sql, scope, prompt_id))
