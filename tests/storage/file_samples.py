"""Files and batches as the server would store them, in short."""

from typing import Any

from ossian.storage import Database
from ossian.storage.file_records import StoredBatch, StoredFile, StoredResult, Tally

NOW = 1000


def file(file_id: str = "file-1", scope: str = "a", **fields: Any) -> StoredFile:
    given: dict[str, Any] = {"created_at": NOW, "num_bytes": 5, "filename": "lines.jsonl", "purpose": "batch"} | fields
    return StoredFile(id=file_id, scope=scope, **given)


async def store(database: Database, stored: StoredFile, *chunks: bytes) -> StoredFile:
    await database.files.begin(stored)
    for position, chunk in enumerate(chunks):
        await database.files.append(stored.id, position, chunk)
    await database.files.complete(stored)
    return stored


def batch(batch_id: str = "batch_1", scope: str = "a", **fields: Any) -> StoredBatch:
    given: dict[str, Any] = {"created_at": NOW, "expires_at": 5000, "status": "validating", "input_file_id": "file-1"}
    given |= fields
    body = {"id": batch_id, "status": given["status"], "metadata": None}
    return StoredBatch(id=batch_id, scope=scope, body=body, caller={"key_id": "key_1"}, **given)


async def store_batch(database: Database, stored: StoredBatch | None = None) -> StoredBatch:
    """Store a batch with its input file."""
    stored = stored or batch()
    if await database.files.get(stored.scope, stored.input_file_id, NOW) is None:
        await store(database, file(stored.input_file_id, stored.scope))
    assert await database.batches.create(stored, 100, NOW) == "created"
    return stored


def result(line: int, *, is_error: bool = False, text: bytes = b"{}\n") -> StoredResult:
    tally = Tally(int(not is_error), int(is_error), 7, 1, 5, 2)
    return StoredResult(line, is_error, text, tally)


def moving(status: str) -> Any:
    """The change of a body that brings a batch into a state."""
    return lambda body: body | {"status": status}
