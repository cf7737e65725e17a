"""What must outlive the process: responses, conversations, prompts and accounts, in SQLite or PostgreSQL.

Knows JSON bodies and whose they are; knows nothing of HTTP or of what a body means.
"""

from ossian.storage.account_records import (
    AuditFilter,
    StoredAdminKey,
    StoredAuditEntry,
    StoredKey,
    StoredProject,
    StoredUsage,
    UsageFilter,
    UsageGroup,
    UsagePeriod,
    UsageTotal,
)
from ossian.storage.audit import AuditStore
from ossian.storage.conversations import ConversationStore
from ossian.storage.database import Database
from ossian.storage.keys import KeyStore
from ossian.storage.projects import NameTakenError, ProjectStore
from ossian.storage.prompts import PromptStore
from ossian.storage.records import JsonObject, Order, Page, StoredConversation, StoredPrompt, StoredResponse
from ossian.storage.responses import ResponseStore
from ossian.storage.urls import database_url
from ossian.storage.usage import UsageStore

__all__ = [
    "AuditFilter",
    "AuditStore",
    "ConversationStore",
    "Database",
    "JsonObject",
    "KeyStore",
    "NameTakenError",
    "Order",
    "Page",
    "ProjectStore",
    "PromptStore",
    "ResponseStore",
    "StoredAdminKey",
    "StoredAuditEntry",
    "StoredConversation",
    "StoredKey",
    "StoredProject",
    "StoredPrompt",
    "StoredResponse",
    "StoredUsage",
    "UsageFilter",
    "UsageGroup",
    "UsagePeriod",
    "UsageStore",
    "UsageTotal",
    "database_url",
]
