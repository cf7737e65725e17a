"""The wire format of admin keys: OpenAI's. They belong to nobody but the server, which is written as their owner."""

from pydantic import Field

from ossian.api.fields import JsonObject, RequestModel
from ossian.api.organization.api_keys import Name, redacted
from ossian.api.organization.settings_fields import ExpiresAt, ExpiresInSeconds
from ossian.storage.account_records import StoredAdminKey


class AdminKeySettings(RequestModel):
    """What an admin key can be given when it is made and later."""

    enabled: bool | None = Field(default=None, description="A disabled key is refused until it is enabled again.")
    expires_at: ExpiresAt | None = None
    expires_in_seconds: ExpiresInSeconds | None = None


class CreateAdminKeyRequest(AdminKeySettings):
    """The request of `POST /v1/organization/admin_api_keys`."""

    name: Name


class UpdateAdminKeyRequest(AdminKeySettings):
    """The request of `POST /v1/organization/admin_api_keys/{id}`. What is left out stays as it is."""

    name: Name | None = None


def admin_key_body(key: StoredAdminKey, status: str) -> JsonObject:
    """Return an admin key; `status` says whether it is valid now, and why not."""
    return {
        "id": key.id,
        "object": "organization.admin_api_key",
        "name": key.name,
        "redacted_value": redacted(key.prefix),
        "created_at": key.created_at,
        "last_used_at": key.last_used_at,
        "expires_at": key.expires_at,
        "owner": {
            "type": "service_account",
            "object": "organization.service_account",
            "id": key.id,
            "name": key.name,
            "created_at": key.created_at,
            "role": "owner",
        },
        "status": status,
        "enabled": key.is_enabled,
        "revoked_at": key.revoked_at,
    }


def deleted_body(key_id: str) -> JsonObject:
    """Return what the revocation of an admin key is answered with."""
    return {"id": key_id, "object": "organization.admin_api_key.deleted", "deleted": True}
