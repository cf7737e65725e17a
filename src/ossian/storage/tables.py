"""The tables. A change here needs a new file in migrations/versions, and HEAD is its revision."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    false,
)

from ossian.storage.columns import Json, Key

HEAD = "0003"

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
    }
)

responses = Table(
    "responses",
    metadata,
    Column("id", Key, primary_key=True),
    Column("scope", Key, nullable=False),
    Column("status", Key, nullable=False),
    Column("body", Json, nullable=False),  # without `output`: its items are rows of response_items
    Column("created_at", BigInteger, nullable=False),
    Column("previous_response_id", Key),
    Column("conversation_id", Key),
    Column("expires_at", Double),
    Column("is_background", Boolean, nullable=False),
    Column("is_hidden", Boolean, nullable=False, server_default=false()),  # deleted, but another one continues it
    Column("is_cancel_requested", Boolean, nullable=False, server_default=false()),
    Column("owner", Key),  # who is generating it; NULL once it is finished
    Column("lease_expires_at", Double),
)
Index(None, responses.c.previous_response_id)
Index(None, responses.c.expires_at)
Index(
    "responses_running_idx",
    responses.c.owner,
    responses.c.lease_expires_at,
    sqlite_where=responses.c.owner.is_not(None),
    postgresql_where=responses.c.owner.is_not(None),
)

response_items = Table(
    "response_items",
    metadata,
    Column("response_id", Key, ForeignKey("responses.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),  # input items, then output items
    Column("scope", Key, nullable=False),
    Column("item_id", Key, nullable=False),
    Column("is_output", Boolean, nullable=False),
    Column("body", Json, nullable=False),
)
Index(None, response_items.c.scope, response_items.c.item_id)

response_events = Table(
    "response_events",
    metadata,
    Column("response_id", Key, ForeignKey("responses.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("body", Json, nullable=False),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", Key, primary_key=True),
    Column("scope", Key, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("metadata", Json, nullable=False),
)

conversation_items = Table(
    "conversation_items",
    metadata,
    Column("conversation_id", Key, ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("scope", Key, nullable=False),
    Column("item_id", Key, nullable=False),
    Column("body", Json, nullable=False),
)
Index(None, conversation_items.c.conversation_id, conversation_items.c.item_id, unique=True)
Index(None, conversation_items.c.scope, conversation_items.c.item_id)

prompts = Table(
    "prompts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("scope", Key, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),  # the newest
)
Index(None, prompts.c.scope, prompts.c.created_at, prompts.c.id)

prompt_versions = Table(
    "prompt_versions",
    metadata,
    Column("prompt_id", Key, ForeignKey("prompts.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Column("body", Json, nullable=False),
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", Key, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
