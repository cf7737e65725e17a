"""The tables of accounts. A change here needs a new file in migrations/versions, as one in tables.py does."""

from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKey, Index, Integer, Table

from ossian.storage.columns import Json, Key, Label, Microseconds, Money
from ossian.storage.tables import metadata

projects = Table(
    "projects",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", Label(300), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("archived_at", BigInteger),
    Column("limits", Json, nullable=False),
    Column("model_limits", Json, nullable=False),
    Column("budget", Json, nullable=False),
)
Index(
    "projects_name_key",
    projects.c.name,
    unique=True,
    sqlite_where=projects.c.archived_at.is_(None),
    postgresql_where=projects.c.archived_at.is_(None),
)
Index(None, projects.c.created_at, projects.c.id)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Key, primary_key=True),
    Column("project_id", Key, ForeignKey("projects.id", ondelete="CASCADE")),  # NULL: an admin key
    Column("name", Label(300), nullable=False),
    Column("prefix", Key, nullable=False),
    Column("digest", Key, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("description", Label(2000), nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("last_used_at", BigInteger),
    Column("is_enabled", Boolean, nullable=False),
    Column("scopes", Json, nullable=False),
    Column("limits", Json, nullable=False),
    Column("budget", Json, nullable=False),
)
Index(None, api_keys.c.digest, unique=True)
Index(None, api_keys.c.project_id, api_keys.c.created_at, api_keys.c.id)

usage = Table(
    "usage",
    metadata,
    Column("id", Key, primary_key=True),
    Column("request_id", Key, nullable=False),  # of the caller's choice, perhaps
    Column("started_at", Microseconds, nullable=False),
    Column("endpoint", Key, nullable=False),
    Column("model_asked", Label(300), nullable=False),
    Column("model", Label(300), nullable=False),
    Column("duration", Double, nullable=False),
    Column("status", Integer, nullable=False),
    Column("outcome", Key, nullable=False),
    Column("project_id", Key),  # not a foreign key: that of a key in the settings is in no table
    Column("key_id", Key),
    Column("batch_id", Key),
    Column("time_to_first_token", Double),
    Column("num_prompt_tokens", BigInteger, nullable=False),
    Column("num_cached_tokens", BigInteger, nullable=False),
    Column("num_completion_tokens", BigInteger, nullable=False),
    Column("num_reasoning_tokens", BigInteger, nullable=False),
    Column("cost", Money, nullable=False),
)
Index(None, usage.c.started_at, usage.c.id)
Index(None, usage.c.project_id, usage.c.started_at)

spending = Table(  # by day of UTC: what a budget is compared with must not take a walk through all usage
    "spending",
    metadata,
    Column("owner", Key, primary_key=True),  # project, key
    Column("owner_id", Key, primary_key=True),
    Column("day", Integer, primary_key=True),  # the day-th since 1970
    Column("thousandths", BigInteger, nullable=False),  # of the currency; together with
    Column("rest", BigInteger, nullable=False),  # units of 10^-12 they are the sum, whatever the currency is worth
)

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("id", Key, primary_key=True),
    Column("created_at", Microseconds, nullable=False),
    Column("type", Key, nullable=False),
    Column("actor_kind", Key, nullable=False),
    Column("actor_id", Label(300), nullable=False),
    Column("actor_address", Label(300), nullable=False),
    Column("project_id", Key),
    Column("object_id", Key),
    Column("details", Json, nullable=False),
)
Index(None, audit_entries.c.created_at, audit_entries.c.id)
