"""Projects as rows."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, select, true
from sqlalchemy import update as update_of

from ossian.storage import audit_rows
from ossian.storage.account_records import StoredAuditEntry, StoredProject
from ossian.storage.account_tables import projects
from ossian.storage.pages import page as page_of
from ossian.storage.records import Order, Page
from ossian.storage.upsert import upsert

ProjectChange: TypeAlias = Callable[[StoredProject], tuple[StoredProject, StoredAuditEntry | None]]

_IS_CURRENT = projects.c.archived_at.is_(None)


def create(sql: Connection, project: StoredProject, entry: StoredAuditEntry) -> bool:
    """Insert a project. False when its id is taken, or its name by one that is not archived."""
    row = upsert(sql, projects).values(asdict(project)).on_conflict_do_nothing()
    if sql.execute(row.returning(projects.c.id)).one_or_none() is None:
        return False
    audit_rows.append(sql, entry)
    return True


def get(sql: Connection, project_id: str) -> StoredProject | None:
    """Read a project, None when there is none."""
    row = sql.execute(select(projects).where(projects.c.id == project_id)).one_or_none()
    return None if row is None else stored(row)


def find_by_name(sql: Connection, name: str) -> StoredProject | None:
    """Read the project of that name that is not archived, None when there is none."""
    row = sql.execute(select(projects).where(projects.c.name == name, _IS_CURRENT)).one_or_none()
    return None if row is None else stored(row)


def page(
    sql: Connection, after: str | None, limit: int, order: Order, include_archived: bool
) -> Page[StoredProject] | None:
    """Read projects by age; None when there is no project `after`."""
    condition = true() if include_archived else _IS_CURRENT
    return page_of(sql, projects, stored, condition, after, limit, order)


def update(sql: Connection, project_id: str, change: ProjectChange) -> StoredProject | None:
    """Change a project that nobody else changes meanwhile. None when there is none."""
    row = sql.execute(select(projects).where(projects.c.id == project_id).with_for_update()).one_or_none()
    if row is None:
        return None
    changed, entry = change(stored(row))
    if entry is not None:
        sql.execute(update_of(projects).where(projects.c.id == project_id).values(asdict(changed)))
        audit_rows.append(sql, entry)
    return changed


def stored(row: Row[Any]) -> StoredProject:
    """Return the project that a row is."""
    return StoredProject(**row._mapping)
