"""What must outlive the process: responses, conversations and prompts, in SQLite or PostgreSQL.

Knows JSON bodies and whose they are; knows nothing of HTTP or of what a body means.
"""

from ossian.storage.conversations import ConversationStore
from ossian.storage.database import Database
from ossian.storage.prompts import PromptStore
from ossian.storage.records import JsonObject, Order, Page, StoredConversation, StoredPrompt, StoredResponse
from ossian.storage.responses import ResponseStore
from ossian.storage.urls import database_url

__all__ = [
    "ConversationStore",
    "Database",
    "JsonObject",
    "Order",
    "Page",
    "PromptStore",
    "ResponseStore",
    "StoredConversation",
    "StoredPrompt",
    "StoredResponse",
    "database_url",
]
