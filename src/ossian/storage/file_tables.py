"""The tables of files and batches. A change here needs a new file in migrations/versions, as one in tables.py does."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    literal_column,
)

from ossian.storage.columns import Json, Key
from ossian.storage.tables import metadata

files = Table(
    "files",
    metadata,
    Column("id", Key, primary_key=True),
    Column("scope", Key, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("num_bytes", BigInteger, nullable=False),
    Column("filename", Json, nullable=False),  # whatever the client calls it
    Column("purpose", Key, nullable=False),
    Column("expires_at", BigInteger),
    Column("erase_at", BigInteger),  # NULL for a file that is whole; nobody sees the others
)
Index(None, files.c.scope, files.c.created_at, files.c.id)
Index(None, files.c.expires_at)
Index(None, files.c.erase_at)

file_chunks = Table(
    "file_chunks",
    metadata,
    Column("file_id", Key, ForeignKey("files.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

batches = Table(
    "batches",
    metadata,
    Column("id", Key, primary_key=True),
    Column("scope", Key, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("status", Key, nullable=False),
    Column("input_file_id", Key, nullable=False),  # not a foreign key: the batch is longer there than the file
    Column("body", Json, nullable=False),
    Column("caller", Json, nullable=False),
    Column("num_lines", Integer, nullable=False),
    Column("num_completed", Integer, nullable=False),
    Column("num_failed", Integer, nullable=False),
    Column("num_prompt_tokens", BigInteger, nullable=False),
    Column("num_cached_tokens", BigInteger, nullable=False),
    Column("num_completion_tokens", BigInteger, nullable=False),
    Column("num_reasoning_tokens", BigInteger, nullable=False),
    Column("is_unfinished", Boolean, nullable=False),
    Column("owner", Key),  # who runs it; NULL when nobody does
    Column("lease_expires_at", Double),
)
Index(None, batches.c.scope, batches.c.created_at, batches.c.id)
Index(
    "batches_unfinished_idx",
    batches.c.created_at,
    sqlite_where=batches.c.is_unfinished,
    postgresql_where=batches.c.is_unfinished,
)
# In the words of the index: for the column itself SQLAlchemy writes "= 1", and SQLite uses no index then.
IS_UNFINISHED: ColumnElement[bool] = literal_column("batches.is_unfinished")

batch_results = Table(  # of unfinished batches; then they are in files
    "batch_results",
    metadata,
    Column("batch_id", Key, ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("is_error", Boolean, nullable=False),
    Column("text", LargeBinary, nullable=False),
)
