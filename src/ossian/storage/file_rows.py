"""A file as rows: itself, and one row per chunk of its content."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, exists, func, insert, or_, select, update

from ossian.storage.file_records import StoredFile
from ossian.storage.file_tables import IS_UNFINISHED, batches, file_chunks, files
from ossian.storage.pages import page as page_of
from ossian.storage.records import Order, Page

MAX_NUM_ERASED = 16  # chunks in one transaction, so that nobody waits long for it


class FileInUseError(Exception):
    """A file cannot be deleted while a batch, `batch_id`, needs it."""

    def __init__(self, batch_id: str) -> None:
        super().__init__(batch_id)
        self.batch_id = batch_id


def begin(sql: Connection, file: StoredFile, erase_at: int) -> None:
    """Insert a file that nobody sees yet."""
    sql.execute(
        insert(files).values(
            id=file.id,
            scope=file.scope,
            created_at=file.created_at,
            num_bytes=file.num_bytes,
            filename=file.filename,
            purpose=file.purpose,
            expires_at=file.expires_at,
            erase_at=erase_at,
        )
    )


def append(sql: Connection, file_id: str, position: int, body: bytes) -> None:
    """Insert a chunk."""
    sql.execute(insert(file_chunks).values(file_id=file_id, position=position, body=body))


def complete(sql: Connection, file: StoredFile) -> None:
    """Let a file be seen, with the size and the purpose that it turned out to have."""
    whole = update(files).where(files.c.id == file.id, files.c.scope == file.scope)
    values = {"num_bytes": file.num_bytes, "purpose": file.purpose, "expires_at": file.expires_at}
    sql.execute(whole.values(filename=file.filename, erase_at=None, **values))


def num_bytes(sql: Connection, scope: str) -> int:
    """Add up the sizes of a scope's files, and what is reserved for those that are being written."""
    is_mine = (files.c.scope == scope) & or_(files.c.erase_at.is_(None), files.c.erase_at > 0)
    return int(sql.scalar(select(func.coalesce(func.sum(files.c.num_bytes), 0)).where(is_mine)) or 0)


def get(sql: Connection, scope: str, file_id: str, now: float) -> StoredFile | None:
    """Read a file, None when there is none."""
    row = sql.execute(select(files).where(files.c.id == file_id, is_seen(scope, now))).one_or_none()
    return None if row is None else stored(row)


def page(
    sql: Connection, scope: str, now: float, purpose: str | None, after: str | None, limit: int, order: Order
) -> Page[StoredFile] | None:
    """Read the files that follow one, which may have been deleted a while ago; None when that one does not exist."""
    wanted = is_seen(scope, now)
    is_mine = (files.c.id == after) & (files.c.scope == scope)
    if after is not None and sql.execute(select(files.c.id).where(is_mine)).one_or_none() is None:
        return None
    if purpose is not None:
        wanted &= files.c.purpose == purpose
    return page_of(sql, files, stored, wanted, after, limit, order)


def chunk(sql: Connection, file_id: str, position: int) -> bytes | None:
    """Read a chunk, None behind the last one."""
    wanted = (file_chunks.c.file_id == file_id) & (file_chunks.c.position == position)
    body = sql.scalar(select(file_chunks.c.body).where(wanted))
    return None if body is None else bytes(body)


def hide(sql: Connection, scope: str, file_id: str, now: float) -> bool:
    """Let a file be seen no more, and be erased. False when there is none. Raises FileInUseError for a batch's."""
    mine = (files.c.id == file_id) & is_seen(scope, now)
    if sql.execute(select(files.c.id).where(mine).with_for_update()).one_or_none() is None:
        return False
    batch_id = sql.scalar(select(batches.c.id).where(_reads(file_id)).limit(1))
    if batch_id is not None:
        raise FileInUseError(batch_id)
    sql.execute(update(files).where(mine).values(erase_at=0))
    return True


def hide_expired(sql: Connection, now: float) -> None:
    """Let the files be erased that have expired, but for those that batches still read."""
    is_old = (files.c.expires_at <= now) & files.c.erase_at.is_(None)
    is_read = exists().where(_reads(files.c.id))
    sql.execute(update(files).where(is_old, ~is_read).values(erase_at=0))


def erasable(sql: Connection, now: float) -> list[str]:
    """Return the files that are to be erased by now."""
    return list(sql.scalars(select(files.c.id).where(files.c.erase_at <= now).order_by(files.c.id)))


def erase_chunks(sql: Connection, file_id: str) -> bool:
    """Erase some chunks of a hidden file. False when none is left, and for one that is seen."""
    if sql.execute(select(files.c.id).where(_is_hidden(file_id)).with_for_update()).one_or_none() is None:
        return False
    of_file = file_chunks.c.file_id == file_id
    some = select(file_chunks.c.position).where(of_file).order_by(file_chunks.c.position).limit(MAX_NUM_ERASED)
    return bool(sql.execute(delete(file_chunks).where(of_file, file_chunks.c.position.in_(some))).rowcount)


def erase_part(sql: Connection, file_id: str) -> bool:
    """Erase some chunks of a hidden file, and the file when none is left. False then, and for one that is seen."""
    if erase_chunks(sql, file_id):
        return True
    sql.execute(delete(files).where(_is_hidden(file_id)))
    return False


def stored(row: Row[Any]) -> StoredFile:
    """Return the file of a row."""
    return StoredFile(row.id, row.scope, row.created_at, row.num_bytes, row.filename, row.purpose, row.expires_at)


def is_seen(scope: str, now: float) -> ColumnElement[bool]:
    """Whether a file is there, for a scope."""
    is_valid = or_(files.c.expires_at.is_(None), files.c.expires_at > now)
    return (files.c.scope == scope) & files.c.erase_at.is_(None) & is_valid


def _is_hidden(file_id: str) -> ColumnElement[bool]:
    return (files.c.id == file_id) & files.c.erase_at.is_not(None)


def _reads(file_id: str | ColumnElement[str]) -> ColumnElement[bool]:
    return and_(batches.c.input_file_id == file_id, IS_UNFINISHED)
