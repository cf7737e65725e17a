"""Stored accounts for tests of their wire formats."""

from decimal import Decimal

from ossian.storage.account_records import (
    StoredAdminKey,
    StoredAuditEntry,
    StoredKey,
    StoredProject,
    StoredUsage,
    UsageTotal,
)

PROJECT = StoredProject("proj_1", "Demo", 1_763_600_000)
FULL_PROJECT = StoredProject(
    "proj_2",
    "Données",
    1_763_600_001,
    archived_at=1_763_700_000,
    limits={"requests_per_minute": 60, "tokens_per_minute": None, "concurrent_requests": 4},
    model_limits={"m": {"requests_per_minute": None, "tokens_per_minute": 1000, "concurrent_requests": None}},
    budget={"amount": "12.50", "period": "month"},
)
KEY = StoredKey("key_1", "proj_1", "laptop", "sk-ossian-abc123", "0" * 64, 1_763_600_002)
FULL_KEY = StoredKey(
    "key_2",
    "proj_2",
    "server",
    "sk-ossian-xyz789",
    "1" * 64,
    1_763_600_003,
    description="of the nightly run",
    expires_at=1_800_000_000,
    revoked_at=1_763_700_001,
    last_used_at=1_763_690_000,
    is_enabled=False,
    scopes={"endpoints": ["responses"], "models": None},
    limits={"requests_per_minute": 5, "tokens_per_minute": None, "concurrent_requests": None},
    budget={"amount": "1", "period": "none"},
)
ADMIN_KEY = StoredAdminKey("admkey_1", "root", "sk-ossian-admin-abc123", "2" * 64, 1_763_600_004)
BY_KEY = StoredAuditEntry(
    "audit_1",
    1_763_680_000.75,
    "project.created",
    "admin_key",
    "admkey_1",
    "192.0.2.1",
    "proj_1",
    "proj_1",
    {"name": "Demo"},
)
LIMITS_UPDATED = StoredAuditEntry(
    "audit_4",
    1_763_680_003.0,
    "rate_limit.updated",
    "admin_key",
    "admkey_1",
    "192.0.2.1",
    "proj_1",
    "rl-gpt-oss-20b",
    {"requests_per_minute": 5, "tokens_per_minute": None, "concurrent_requests": None},
)
ON_THE_SERVER = StoredAuditEntry(
    "audit_2",
    1_763_680_001.0,
    "api_key.updated",
    "cli",
    "anna",
    "",
    "proj_1",
    "key_1",
    {"is_enabled": False, "name": "laptop"},
)
BARE = StoredAuditEntry("audit_3", 1_763_680_002.0, "api_key.deleted", "admin_key", "admkey_1", "::1", None, "admkey_2")
TOTAL = UsageTotal(
    start=1_763_596_800,
    project_id="proj_1",
    model="gpt-oss-20b",
    num_requests=3,
    num_failed_requests=1,
    num_prompt_tokens=100,
    num_cached_tokens=40,
    num_completion_tokens=50,
    num_reasoning_tokens=30,
    duration=1.5,
    cost=Decimal("0.000000123456"),
)
REQUEST = StoredUsage(
    id="usage_1",
    request_id="req_1",
    endpoint="chat.completions",
    model_asked="gpt-oss@cheapest",
    model="gpt-oss-20b",
    started_at=1_763_680_000.123456,
    duration=0.5,
    status=200,
    outcome="succeeded",
    project_id="proj_1",
    key_id="key_1",
    time_to_first_token=0.0123456789,
    num_prompt_tokens=70,
    num_cached_tokens=40,
    num_completion_tokens=30,
    num_reasoning_tokens=20,
    cost=Decimal("0.00000005"),
)
