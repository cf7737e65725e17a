"""What the database keeps of accounts, and back."""

from ossian.accounts.budgets import Budget
from ossian.accounts.keys import AdminKey, ApiKey
from ossian.accounts.limits import Limits
from ossian.accounts.projects import Project
from ossian.accounts.scopes import Endpoint, Scopes
from ossian.accounts.usage import UsageRecord
from ossian.harmony.events import Usage
from ossian.storage import JsonObject, StoredAdminKey, StoredKey, StoredProject, StoredUsage


def project_of(stored: StoredProject) -> Project:
    """Return the project of a record."""
    return Project(
        id=stored.id,
        name=stored.name,
        created_at=stored.created_at,
        archived_at=stored.archived_at,
        limits=_limits(stored.limits),
        model_limits={model_id: Limits.from_json(limits) for model_id, limits in stored.model_limits.items()},
        budget=_budget(stored.budget),
    )


def stored_project(project: Project) -> StoredProject:
    """Return the record of a project."""
    return StoredProject(
        id=project.id,
        name=project.name,
        created_at=project.created_at,
        archived_at=project.archived_at,
        limits=_json(project.limits),
        model_limits={model_id: limits.to_json() for model_id, limits in project.model_limits.items()},
        budget=_json(project.budget),
    )


def key_of(stored: StoredKey) -> ApiKey:
    """Return the key of a record."""
    return ApiKey(
        id=stored.id,
        project_id=stored.project_id,
        name=stored.name,
        prefix=stored.prefix,
        digest=stored.digest,
        created_at=stored.created_at,
        description=stored.description,
        expires_at=stored.expires_at,
        revoked_at=stored.revoked_at,
        last_used_at=stored.last_used_at,
        is_enabled=stored.is_enabled,
        scopes=Scopes.from_json(stored.scopes),
        limits=_limits(stored.limits),
        budget=_budget(stored.budget),
    )


def stored_key(key: ApiKey) -> StoredKey:
    """Return the record of a key."""
    return StoredKey(
        id=key.id,
        project_id=key.project_id,
        name=key.name,
        prefix=key.prefix,
        digest=key.digest,
        created_at=key.created_at,
        description=key.description,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        last_used_at=key.last_used_at,
        is_enabled=key.is_enabled,
        scopes=key.scopes.to_json(),
        limits=_json(key.limits),
        budget=_json(key.budget),
    )


def admin_key_of(stored: StoredAdminKey) -> AdminKey:
    """Return the admin key of a record."""
    return AdminKey(
        id=stored.id,
        name=stored.name,
        prefix=stored.prefix,
        digest=stored.digest,
        created_at=stored.created_at,
        expires_at=stored.expires_at,
        revoked_at=stored.revoked_at,
        last_used_at=stored.last_used_at,
        is_enabled=stored.is_enabled,
    )


def stored_admin_key(key: AdminKey) -> StoredAdminKey:
    """Return the record of an admin key."""
    return StoredAdminKey(
        id=key.id,
        name=key.name,
        prefix=key.prefix,
        digest=key.digest,
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        last_used_at=key.last_used_at,
        is_enabled=key.is_enabled,
    )


def stored_usage(record: UsageRecord) -> StoredUsage:
    """Return what is stored of a request: of the money, only what is charged."""
    return StoredUsage(
        id=record.id,
        request_id=record.request_id,
        endpoint=record.endpoint,
        model_asked=record.model_asked,
        model=record.model,
        started_at=record.started_at,
        duration=record.duration,
        status=record.status,
        outcome=record.outcome,
        project_id=record.project_id,
        key_id=record.key_id,
        batch_id=record.batch_id,
        time_to_first_token=record.time_to_first_token,
        num_prompt_tokens=record.usage.num_prompt_tokens,
        num_cached_tokens=record.usage.num_cached_tokens,
        num_completion_tokens=record.usage.num_completion_tokens,
        num_reasoning_tokens=record.usage.num_reasoning_tokens,
        cost=record.cost,
    )


def usage_record(stored: StoredUsage) -> UsageRecord:
    """Return the usage record of what is stored; its price is what was charged."""
    return UsageRecord(
        id=stored.id,
        request_id=stored.request_id,
        endpoint=Endpoint(stored.endpoint),
        model_asked=stored.model_asked,
        model=stored.model,
        started_at=stored.started_at,
        duration=stored.duration,
        status=stored.status,
        project_id=stored.project_id,
        key_id=stored.key_id,
        batch_id=stored.batch_id,
        time_to_first_token=stored.time_to_first_token,
        usage=Usage(
            stored.num_prompt_tokens,
            stored.num_cached_tokens,
            stored.num_completion_tokens,
            stored.num_reasoning_tokens,
        ),
        price=stored.cost,
    )


def _limits(stored: JsonObject | None) -> Limits | None:
    return None if stored is None else Limits.from_json(stored)


def _budget(stored: JsonObject | None) -> Budget | None:
    return None if stored is None else Budget.from_json(stored)


def _json(value: Limits | Budget | None) -> JsonObject | None:
    return None if value is None else dict(value.to_json())
