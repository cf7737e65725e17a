"""Who changes accounts, and what is kept of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ossian.accounts.budgets import Budget
from ossian.accounts.limits import Limits
from ossian.accounts.scopes import Scopes
from ossian.storage import JsonObject


class ActorKind(StrEnum):
    """How somebody changes accounts: on the server itself, with an admin key, or with a project's."""

    CLI = "cli"
    ADMIN_KEY = "admin_key"
    PROJECT_KEY = "project_key"


class AuditType(StrEnum):
    """What was done, in OpenAI's words where it has them: who revokes a key deletes it."""

    PROJECT_CREATED = "project.created"
    PROJECT_UPDATED = "project.updated"
    PROJECT_ARCHIVED = "project.archived"
    KEY_CREATED = "api_key.created"
    KEY_UPDATED = "api_key.updated"
    KEY_DELETED = "api_key.deleted"
    ADMIN_KEY_CREATED = "admin_api_key.created"
    ADMIN_KEY_UPDATED = "admin_api_key.updated"
    ADMIN_KEY_DELETED = "admin_api_key.deleted"
    LIMITS_UPDATED = "rate_limit.updated"
    LIMITS_DELETED = "rate_limit.deleted"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a change: a user of the server's machine by name, or a key by id; and from which address."""

    kind: ActorKind
    id: str
    address: str = ""


def details_of(changes: Mapping[str, Any]) -> JsonObject:
    """Return changed fields as JSON for the audit log."""
    return {name: _json(value) for name, value in changes.items()}


def _json(value: Any) -> Any:
    if isinstance(value, Scopes | Limits | Budget):
        return value.to_json()
    return {name: _json(each) for name, each in value.items()} if isinstance(value, Mapping) else value
