"""Files in chunks, batches and the results of their lines."""

import sqlalchemy as sa
from alembic import op

from ossian.storage.columns import Json, Key

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make them."""
    make_files()
    make_batches()


def make_files() -> None:
    op.create_table(
        "files",
        sa.Column("id", Key, primary_key=True),
        sa.Column("scope", Key, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("num_bytes", sa.BigInteger, nullable=False),
        sa.Column("filename", Json, nullable=False),
        sa.Column("purpose", Key, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("erase_at", sa.BigInteger),
    )
    op.create_index("files_scope_created_at_id_idx", "files", ["scope", "created_at", "id"])
    op.create_index("files_expires_at_idx", "files", ["expires_at"])
    op.create_index("files_erase_at_idx", "files", ["erase_at"])
    op.create_table(
        "file_chunks",
        sa.Column("file_id", Key, sa.ForeignKey("files.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )


def make_batches() -> None:
    counts = ("num_lines", "num_completed", "num_failed")
    tokens = ("num_prompt_tokens", "num_cached_tokens", "num_completion_tokens", "num_reasoning_tokens")
    op.create_table(
        "batches",
        sa.Column("id", Key, primary_key=True),
        sa.Column("scope", Key, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("status", Key, nullable=False),
        sa.Column("input_file_id", Key, nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("caller", Json, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in counts),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in tokens),
        sa.Column("is_unfinished", sa.Boolean, nullable=False),
        sa.Column("owner", Key),
        sa.Column("lease_expires_at", sa.Double),
    )
    op.create_index("batches_scope_created_at_id_idx", "batches", ["scope", "created_at", "id"])
    is_unfinished = sa.text("is_unfinished")
    op.create_index(
        "batches_unfinished_idx",
        "batches",
        ["created_at"],
        sqlite_where=is_unfinished,
        postgresql_where=is_unfinished,
    )
    op.create_table(
        "batch_results",
        sa.Column("batch_id", Key, sa.ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("line", sa.Integer, primary_key=True),
        sa.Column("is_error", sa.Boolean, nullable=False),
        sa.Column("text", sa.LargeBinary, nullable=False),
    )
