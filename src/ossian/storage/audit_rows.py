"""The audit log as rows. An entry is inserted by the transaction that does what it tells of, and never changed."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, true

from ossian.storage.account_records import AuditFilter, StoredAuditEntry
from ossian.storage.account_tables import audit_entries
from ossian.storage.pages import page as page_of
from ossian.storage.records import Page


def append(sql: Connection, entry: StoredAuditEntry) -> None:
    """Insert an entry."""
    sql.execute(insert(audit_entries), asdict(entry))


def page(sql: Connection, wanted: AuditFilter, after: str | None, limit: int) -> Page[StoredAuditEntry] | None:
    """Read entries, newest first; None when there is no entry `after`."""
    return page_of(sql, audit_entries, _entry, and_(true(), *_conditions(wanted)), after, limit, "desc")


def _conditions(wanted: AuditFilter) -> Iterator[ColumnElement[bool]]:
    entry = audit_entries.c
    if wanted.types is not None:
        yield entry.type.in_(wanted.types)
    if wanted.project_ids is not None:
        yield entry.project_id.in_(wanted.project_ids)
    if wanted.actor_ids is not None:
        yield entry.actor_id.in_(wanted.actor_ids)
    if wanted.object_ids is not None:
        yield entry.object_id.in_(wanted.object_ids)
    if wanted.since is not None:
        yield entry.created_at >= wanted.since
    if wanted.until is not None:
        yield entry.created_at < wanted.until


def _entry(row: Row[Any]) -> StoredAuditEntry:
    return StoredAuditEntry(**row._mapping)
