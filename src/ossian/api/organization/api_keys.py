"""The wire format of projects' API keys: OpenAI's, and what ours can be given besides.

OpenAI's keys belong to users or service accounts. Ours belong to their project, which is written as a service account.
"""

from typing import Annotated, TypeAlias

from pydantic import Field

from ossian.api.fields import JsonObject, RequestModel
from ossian.api.organization.settings_fields import (
    BudgetObject,
    ExpiresAt,
    ExpiresInSeconds,
    LimitsObject,
    ScopesObject,
)
from ossian.storage.account_records import StoredKey, StoredProject

Name: TypeAlias = Annotated[str, Field(description="Appears in reports and messages.")]


class KeySettings(RequestModel):
    """What a key can be given when it is made and later. Null: no expiry, nothing restricted, the server's limits."""

    description: str | None = None
    enabled: bool | None = Field(default=None, description="A disabled key is refused until it is enabled again.")
    expires_at: ExpiresAt | None = None
    expires_in_seconds: ExpiresInSeconds | None = None
    scopes: ScopesObject | None = None
    limits: LimitsObject | None = Field(default=None, description="Of all models together.")
    budget: BudgetObject | None = None


class CreateKeyRequest(KeySettings):
    """The request of `POST /v1/organization/projects/{id}/api_keys`."""

    name: Name


class UpdateKeyRequest(KeySettings):
    """The request of `POST /v1/organization/projects/{id}/api_keys/{id}`. What is left out stays as it is."""

    name: Name | None = None


def key_body(key: StoredKey, project: StoredProject, status: str) -> JsonObject:
    """Return a key; `status` says whether it is valid now, and why not."""
    return {
        "id": key.id,
        "object": "organization.project.api_key",
        "name": key.name,
        "redacted_value": redacted(key.prefix),
        "created_at": key.created_at,
        "last_used_at": key.last_used_at,
        "expires_at": key.expires_at,
        "owner": {
            "type": "service_account",
            "service_account": {
                "id": project.id,
                "name": project.name,
                "created_at": project.created_at,
                "role": "member",
            },
        },
        "owner_project_access": "active" if project.archived_at is None else "inactive",
        "project_id": key.project_id,
        "description": key.description,
        "status": status,
        "enabled": key.is_enabled,
        "revoked_at": key.revoked_at,
        "scopes": key.scopes,
        "limits": key.limits,
        "budget": key.budget,
    }


def deleted_body(key_id: str) -> JsonObject:
    """Return what the revocation of a key is answered with."""
    return {"id": key_id, "object": "organization.project.api_key.deleted", "deleted": True}


def redacted(prefix: str) -> str:
    """Return a secret as it may be shown."""
    return f"{prefix}..."
