"""The first tables: responses, conversations, prompts and secrets."""

import sqlalchemy as sa
from alembic import op

from ossian.storage.columns import Json, Key

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    make_responses()
    make_conversations()
    make_prompts()
    op.create_table(
        "secrets",
        sa.Column("name", Key, primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )


def make_responses() -> None:
    op.create_table(
        "responses",
        sa.Column("id", Key, primary_key=True),
        sa.Column("scope", Key, nullable=False),
        sa.Column("status", Key, nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("previous_response_id", Key),
        sa.Column("conversation_id", Key),
        sa.Column("expires_at", sa.Double),
        sa.Column("is_background", sa.Boolean, nullable=False),
        sa.Column("is_hidden", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("is_cancel_requested", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("owner", Key),
        sa.Column("lease_expires_at", sa.Double),
    )
    op.create_index("responses_previous_response_id_idx", "responses", ["previous_response_id"])
    op.create_index("responses_expires_at_idx", "responses", ["expires_at"])
    is_running = sa.text("owner IS NOT NULL")
    op.create_index(
        "responses_running_idx",
        "responses",
        ["owner", "lease_expires_at"],
        sqlite_where=is_running,
        postgresql_where=is_running,
    )
    op.create_table(
        "response_items",
        sa.Column("response_id", Key, sa.ForeignKey("responses.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("scope", Key, nullable=False),
        sa.Column("item_id", Key, nullable=False),
        sa.Column("is_output", sa.Boolean, nullable=False),
        sa.Column("body", Json, nullable=False),
    )
    op.create_index("response_items_scope_item_id_idx", "response_items", ["scope", "item_id"])
    op.create_table(
        "response_events",
        sa.Column("response_id", Key, sa.ForeignKey("responses.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("body", Json, nullable=False),
    )


def make_conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", Key, primary_key=True),
        sa.Column("scope", Key, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("metadata", Json, nullable=False),
    )
    conversation = sa.ForeignKey("conversations.id", ondelete="CASCADE")
    op.create_table(
        "conversation_items",
        sa.Column("conversation_id", Key, conversation, primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("scope", Key, nullable=False),
        sa.Column("item_id", Key, nullable=False),
        sa.Column("body", Json, nullable=False),
    )
    op.create_index(
        "conversation_items_conversation_id_item_id_idx",
        "conversation_items",
        ["conversation_id", "item_id"],
        unique=True,
    )
    op.create_index("conversation_items_scope_item_id_idx", "conversation_items", ["scope", "item_id"])


def make_prompts() -> None:
    op.create_table(
        "prompts",
        sa.Column("id", Key, primary_key=True),
        sa.Column("scope", Key, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_index("prompts_scope_created_at_id_idx", "prompts", ["scope", "created_at", "id"])
    op.create_table(
        "prompt_versions",
        sa.Column("prompt_id", Key, sa.ForeignKey("prompts.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("body", Json, nullable=False),
    )
