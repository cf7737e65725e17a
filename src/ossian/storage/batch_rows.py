"""A batch as rows: itself, and until it has ended one row per line that has a result."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, fields
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, Update, delete, func, insert, or_, select, update

from ossian.storage import file_rows
from ossian.storage.file_records import StoredBatch, StoredFile, StoredResult, Tally
from ossian.storage.file_tables import IS_UNFINISHED, batch_results, batches, files
from ossian.storage.pages import page as page_of
from ossian.storage.records import JsonObject, Order, Page
from ossian.storage.upsert import upsert

MAX_NUM_ERASED = 500  # results in one transaction, so that nobody waits long for it
COUNTS = tuple(field.name for field in fields(Tally))

Created: TypeAlias = Literal["created", "no_file", "too_many"]
Change: TypeAlias = Callable[[JsonObject], JsonObject]  # of the body; the status is its member


def create(sql: Connection, batch: StoredBatch, max_num_unfinished: int, now: float) -> Created:
    """Insert a batch, unless its file is not there or its scope has too many that are unfinished."""
    is_input = (files.c.id == batch.input_file_id) & file_rows.is_seen(batch.scope, now)
    if sql.execute(select(files.c.id).where(is_input).with_for_update()).one_or_none() is None:
        return "no_file"
    of_scope = (batches.c.scope == batch.scope) & IS_UNFINISHED
    if (sql.scalar(select(func.count()).select_from(batches).where(of_scope)) or 0) >= max_num_unfinished:
        return "too_many"
    row = {
        "id": batch.id,
        "scope": batch.scope,
        "created_at": batch.created_at,
        "expires_at": batch.expires_at,
        "status": batch.status,
        "input_file_id": batch.input_file_id,
        "body": batch.body,
        "caller": batch.caller,
        "num_lines": batch.num_lines,
        "is_unfinished": True,
    }
    sql.execute(insert(batches).values(**row, **asdict(batch.tally)))
    return "created"


def get(sql: Connection, scope: str, batch_id: str) -> StoredBatch | None:
    """Read a batch, None when there is none."""
    row = sql.execute(select(batches).where(_mine(scope, batch_id))).one_or_none()
    return None if row is None else stored(row)


def page(sql: Connection, scope: str, after: str | None, limit: int, order: Order) -> Page[StoredBatch] | None:
    """Read the batches that follow one; None when that one does not exist."""
    if after is not None and get(sql, scope, after) is None:
        return None
    return page_of(sql, batches, stored, batches.c.scope == scope, after, limit, order)


def request_cancel(
    sql: Connection, scope: str, batch_id: str, statuses: Collection[str], change: Change
) -> StoredBatch | None:
    """Change a batch that is in one of these states; return it as it is then, None when there is none."""
    row = sql.execute(select(batches).where(_mine(scope, batch_id)).with_for_update()).one_or_none()
    if row is not None and row.status in statuses:
        body = change(row.body)
        row = sql.execute(_changed(batch_id, body).returning(batches)).one()
    return None if row is None else stored(row)


def claim(sql: Connection, owner: str, now: float, until: float) -> list[StoredBatch]:
    """Take the unfinished batches that nobody runs."""
    is_free = or_(batches.c.owner.is_(None), batches.c.lease_expires_at < now)
    free = select(batches.c.id).where(IS_UNFINISHED, is_free).order_by(batches.c.created_at, batches.c.id)
    taken = update(batches).where(batches.c.id.in_(free.with_for_update(skip_locked=True)))
    rows = sql.execute(taken.values(owner=owner, lease_expires_at=until).returning(batches)).all()
    return sorted(map(stored, rows), key=lambda batch: (batch.created_at, batch.id))


def renew(sql: Connection, owner: str, ids: Collection[str], until: float) -> dict[str, str]:
    """Move the end of the leases of an owner's batches; return their states by their ids."""
    renewed = update(batches).where(_owned(owner), batches.c.id.in_(ids)).values(lease_expires_at=until)
    return {row.id: row.status for row in sql.execute(renewed.returning(batches.c.id, batches.c.status))}


def statuses(sql: Connection, owner: str) -> dict[str, str]:
    """Read the states of an owner's batches, by their ids."""
    return {row.id: row.status for row in sql.execute(select(batches.c.id, batches.c.status).where(_owned(owner)))}


def release(sql: Connection, owner: str, batch_id: str) -> None:
    """Leave a batch to whoever takes it next."""
    owned = update(batches).where(batches.c.id == batch_id, batches.c.owner == owner)
    sql.execute(owned.values(owner=None, lease_expires_at=None))


def change(
    sql: Connection, owner: str, batch_id: str, statuses: Collection[str], change: Change, num_lines: int | None
) -> StoredBatch | None:
    """Change a batch that an owner has, and that is in one of these states; None when it is not."""
    row = sql.execute(_held(owner, batch_id)).one_or_none()
    if row is None or row.status not in statuses:
        return None
    num = row.num_lines if num_lines is None else num_lines
    changed = _changed(batch_id, change(row.body)).values(num_lines=num)
    return stored(sql.execute(changed.returning(batches)).one())


def add_result(sql: Connection, owner: str, batch_id: str, result: StoredResult) -> bool:
    """Insert the result of a line, and count it; one that is there stays. False when the batch is not the owner's."""
    if sql.execute(_held(owner, batch_id)).one_or_none() is None:
        return False
    row = {"batch_id": batch_id, "line": result.line, "is_error": result.is_error, "text": result.text}
    inserted = upsert(sql, batch_results).values(row).on_conflict_do_nothing().returning(batch_results.c.line)
    if sql.execute(inserted).one_or_none() is not None:
        counts = {name: batches.c[name] + number for name, number in asdict(result.tally).items()}
        sql.execute(update(batches).where(batches.c.id == batch_id).values(**counts))
    return True


def done_lines(sql: Connection, batch_id: str) -> list[int]:
    """Read which lines have a result."""
    return list(sql.scalars(select(batch_results.c.line).where(batch_results.c.batch_id == batch_id)))


def results(sql: Connection, batch_id: str, after_line: int, limit: int, max_num_bytes: int) -> list[StoredResult]:
    """Read the results of the lines that follow one, in the order of lines: so many bytes, but at least one."""
    result = batch_results.c
    following = (result.batch_id == batch_id) & (result.line > after_line)
    sizes = select(result.line, func.length(result.text).label("size")).where(following).order_by(result.line)
    lines, num_bytes = list[int](), 0
    for row in sql.execute(sizes.limit(limit)):
        num_bytes += row.size
        if lines and num_bytes > max_num_bytes:
            break
        lines.append(row.line)
    wanted = select(result.line, result.is_error, result.text).where(result.batch_id == batch_id)
    ordered = wanted.where(result.line.in_(lines)).order_by(result.line)
    return [StoredResult(row.line, row.is_error, bytes(row.text)) for row in sql.execute(ordered)]


def finish(
    sql: Connection,
    owner: str,
    batch_id: str,
    statuses: Collection[str],
    change: Change,
    written: Sequence[StoredFile],
    num_unmade: int,
) -> StoredBatch | None:
    """End a batch that an owner has, and let its files be seen; None when it is not in one of these states."""
    row = sql.execute(_held(owner, batch_id)).one_or_none()
    if row is None or row.status not in statuses:
        return None
    for file in written:
        file_rows.complete(sql, file)
    ended = _changed(batch_id, change(row.body)).values(
        num_failed=batches.c.num_failed + num_unmade, is_unfinished=False, owner=None, lease_expires_at=None
    )
    return stored(sql.execute(ended.returning(batches)).one())


def erase_results(sql: Connection) -> bool:
    """Erase some results of batches that have ended; False when there are none."""
    ended = select(batches.c.id).where(~batches.c.is_unfinished)
    result = batch_results.c
    some = select(result.batch_id, result.line).where(result.batch_id.in_(ended)).limit(MAX_NUM_ERASED)
    rows = sql.execute(some).all()
    for batch_id in {row.batch_id for row in rows}:
        lines = [row.line for row in rows if row.batch_id == batch_id]
        sql.execute(delete(batch_results).where(result.batch_id == batch_id, result.line.in_(lines)))
    return bool(rows)


def stored(row: Row[Any]) -> StoredBatch:
    """Return the batch of a row."""
    return StoredBatch(
        row.id,
        row.scope,
        row.created_at,
        row.expires_at,
        row.status,
        row.input_file_id,
        row.body,
        row.caller,
        row.num_lines,
        Tally(*(getattr(row, name) for name in COUNTS)),
    )


def _mine(scope: str, batch_id: str) -> ColumnElement[bool]:
    return (batches.c.id == batch_id) & (batches.c.scope == scope)


def _owned(owner: str) -> ColumnElement[bool]:
    return (batches.c.owner == owner) & IS_UNFINISHED


def _held(owner: str, batch_id: str) -> Any:
    return select(batches).where(batches.c.id == batch_id, _owned(owner)).with_for_update()


def _changed(batch_id: str, body: JsonObject) -> Update:
    return update(batches).where(batches.c.id == batch_id).values(body=body, status=body["status"])
