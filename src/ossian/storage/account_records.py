"""What is stored of accounts, as plain values: projects, their keys, admin keys, usage and the audit log.

Scopes, limits and budgets are JSON; what they mean is not known here. Times are in seconds since 1970.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from ossian.storage.records import JsonObject

UsagePeriod = Literal["minute", "hour", "day", "week", "month"]
UsageGroup = Literal["project_id", "key_id", "model", "endpoint"]
SpendingOwner = Literal["project", "key"]


@dataclass(frozen=True, slots=True)
class StoredProject:
    """A project. Names are unique among those that are not archived."""

    id: str
    name: str
    created_at: int
    archived_at: int | None = None
    limits: JsonObject | None = None
    model_limits: dict[str, JsonObject] = field(default_factory=dict)
    budget: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A project's key; `digest` is all that is kept of its secret."""

    id: str
    project_id: str
    name: str
    prefix: str
    digest: str
    created_at: int
    description: str = ""
    expires_at: int | None = None
    revoked_at: int | None = None
    last_used_at: int | None = None
    is_enabled: bool = True
    scopes: JsonObject = field(default_factory=dict)
    limits: JsonObject | None = None
    budget: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class StoredAdminKey:
    """A key of no project."""

    id: str
    name: str
    prefix: str
    digest: str
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None
    last_used_at: int | None = None
    is_enabled: bool = True


@dataclass(frozen=True, slots=True)
class StoredAuditEntry:
    """Who did what to what: `type` is like `project.created`, `details` what was changed, without secrets."""

    id: str
    created_at: float
    type: str
    actor_kind: str
    actor_id: str
    actor_address: str
    project_id: str | None = None
    object_id: str | None = None
    details: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredUsage:
    """One request. `cost` is what is charged for it, in the catalog's currency; times to the microsecond."""

    id: str
    request_id: str
    endpoint: str
    model_asked: str
    model: str
    started_at: float
    duration: float
    status: int
    outcome: str
    project_id: str | None = None
    key_id: str | None = None
    batch_id: str | None = None
    time_to_first_token: float | None = None
    num_prompt_tokens: int = 0
    num_cached_tokens: int = 0
    num_completion_tokens: int = 0
    num_reasoning_tokens: int = 0
    cost: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class UsageFilter:
    """Which requests are meant; None: all."""

    project_ids: Collection[str] | None = None
    key_ids: Collection[str] | None = None
    models: Collection[str] | None = None
    endpoints: Collection[str] | None = None
    outcomes: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class UsageTotal:
    """What requests used together: those that began in the period that begins at `start`, and are of one group.

    What is not grouped by is None; so is the project and the key of who had none. `duration` is the sum of theirs.
    """

    start: int
    project_id: str | None = None
    key_id: str | None = None
    model: str | None = None
    endpoint: str | None = None
    num_requests: int = 0
    num_failed_requests: int = 0
    num_prompt_tokens: int = 0
    num_cached_tokens: int = 0
    num_completion_tokens: int = 0
    num_reasoning_tokens: int = 0
    duration: float = 0.0
    cost: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are meant; None: all. `since` and `until` bound the half-open interval of their times."""

    types: Collection[str] | None = None
    project_ids: Collection[str] | None = None
    actor_ids: Collection[str] | None = None
    object_ids: Collection[str] | None = None
    since: float | None = None
    until: float | None = None
