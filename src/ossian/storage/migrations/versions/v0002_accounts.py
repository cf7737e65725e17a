"""Accounts: projects, API keys, usage, spending and the audit log."""

import sqlalchemy as sa
from alembic import op

from ossian.storage.columns import Json, Key, Label, Microseconds, Money

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make them."""
    make_projects()
    make_api_keys()
    make_usage()
    make_audit_entries()


def make_projects() -> None:
    op.create_table(
        "projects",
        sa.Column("id", Key, primary_key=True),
        sa.Column("name", Label(300), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("archived_at", sa.BigInteger),
        sa.Column("limits", Json, nullable=False),
        sa.Column("model_limits", Json, nullable=False),
        sa.Column("budget", Json, nullable=False),
    )
    is_current = sa.text("archived_at IS NULL")
    op.create_index(
        "projects_name_key", "projects", ["name"], unique=True, sqlite_where=is_current, postgresql_where=is_current
    )
    op.create_index("projects_created_at_id_idx", "projects", ["created_at", "id"])


def make_api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", Key, primary_key=True),
        sa.Column("project_id", Key, sa.ForeignKey("projects.id", ondelete="CASCADE")),
        sa.Column("name", Label(300), nullable=False),
        sa.Column("prefix", Key, nullable=False),
        sa.Column("digest", Key, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("description", Label(2000), nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
        sa.Column("last_used_at", sa.BigInteger),
        sa.Column("is_enabled", sa.Boolean, nullable=False),
        sa.Column("scopes", Json, nullable=False),
        sa.Column("limits", Json, nullable=False),
        sa.Column("budget", Json, nullable=False),
    )
    op.create_index("api_keys_digest_idx", "api_keys", ["digest"], unique=True)
    op.create_index("api_keys_project_id_created_at_id_idx", "api_keys", ["project_id", "created_at", "id"])


def make_usage() -> None:
    op.create_table(
        "usage",
        sa.Column("id", Key, primary_key=True),
        sa.Column("request_id", Key, nullable=False),
        sa.Column("started_at", Microseconds, nullable=False),
        sa.Column("endpoint", Key, nullable=False),
        sa.Column("model_asked", Label(300), nullable=False),
        sa.Column("model", Label(300), nullable=False),
        sa.Column("duration", sa.Double, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("outcome", Key, nullable=False),
        sa.Column("project_id", Key),
        sa.Column("key_id", Key),
        sa.Column("batch_id", Key),
        sa.Column("time_to_first_token", sa.Double),
        sa.Column("num_prompt_tokens", sa.BigInteger, nullable=False),
        sa.Column("num_cached_tokens", sa.BigInteger, nullable=False),
        sa.Column("num_completion_tokens", sa.BigInteger, nullable=False),
        sa.Column("num_reasoning_tokens", sa.BigInteger, nullable=False),
        sa.Column("cost", Money, nullable=False),
    )
    op.create_index("usage_started_at_id_idx", "usage", ["started_at", "id"])
    op.create_index("usage_project_id_started_at_idx", "usage", ["project_id", "started_at"])
    op.create_table(
        "spending",
        sa.Column("owner", Key, primary_key=True),
        sa.Column("owner_id", Key, primary_key=True),
        sa.Column("day", sa.Integer, primary_key=True),
        sa.Column("thousandths", sa.BigInteger, nullable=False),
        sa.Column("rest", sa.BigInteger, nullable=False),
    )


def make_audit_entries() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", Key, primary_key=True),
        sa.Column("created_at", Microseconds, nullable=False),
        sa.Column("type", Key, nullable=False),
        sa.Column("actor_kind", Key, nullable=False),
        sa.Column("actor_id", Label(300), nullable=False),
        sa.Column("actor_address", Label(300), nullable=False),
        sa.Column("project_id", Key),
        sa.Column("object_id", Key),
        sa.Column("details", Json, nullable=False),
    )
    op.create_index("audit_entries_created_at_id_idx", "audit_entries", ["created_at", "id"])
