"""API keys as rows: those of projects, and admin keys, which are those without a project."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, bindparam, exists, insert, or_, select, true
from sqlalchemy import update as update_of

from ossian.storage import audit_rows
from ossian.storage.account_records import StoredAdminKey, StoredAuditEntry, StoredKey, StoredProject
from ossian.storage.account_tables import api_keys, projects
from ossian.storage.pages import page as page_of
from ossian.storage.records import Order, Page

KeyChange: TypeAlias = Callable[[StoredKey], tuple[StoredKey, StoredAuditEntry | None]]
AdminKeyChange: TypeAlias = Callable[[StoredAdminKey], tuple[StoredAdminKey, StoredAuditEntry | None]]

_IS_ADMIN = api_keys.c.project_id.is_(None)
_OF_PROJECTS_ONLY: Final[Mapping[str, Any]] = {
    "project_id": None,
    "description": "",
    "scopes": {},
    "limits": None,
    "budget": None,
}  # to admin keys


def create(sql: Connection, key: StoredKey, entry: StoredAuditEntry) -> bool:
    """Insert a key. False when there is no such project, or it is archived."""
    is_current = (projects.c.id == key.project_id) & projects.c.archived_at.is_(None)
    if sql.execute(select(projects.c.id).where(is_current).with_for_update()).one_or_none() is None:
        return False
    _insert(sql, asdict(key), entry)
    return True


def create_admin(sql: Connection, key: StoredAdminKey, entry: StoredAuditEntry) -> None:
    """Insert an admin key."""
    _insert(sql, {**_OF_PROJECTS_ONLY, **asdict(key)}, entry)


def find(sql: Connection, digest: str) -> tuple[StoredKey, StoredProject] | None:
    """Read the key of a digest, and its project; None when there is none."""
    both = select(projects, api_keys).join_from(projects, api_keys, api_keys.c.project_id == projects.c.id)
    row = sql.execute(both.where(api_keys.c.digest == digest)).one_or_none()
    if row is None:
        return None
    project = {column.name: row._mapping[column] for column in projects.c}
    key = {column.name: row._mapping[column] for column in api_keys.c}
    return StoredKey(**key), StoredProject(**project)


def find_admin(sql: Connection, digest: str) -> StoredAdminKey | None:
    """Read the admin key of a digest, None when there is none."""
    return _one_admin(sql, api_keys.c.digest == digest)


def has_keys(sql: Connection) -> bool:
    """Tell whether any project's key is not revoked."""
    return bool(sql.scalar(select(exists().where(~_IS_ADMIN, api_keys.c.revoked_at.is_(None)))))


def get(sql: Connection, project_id: str, key_id: str) -> StoredKey | None:
    """Read a project's key, None when there is none."""
    row = sql.execute(select(api_keys).where(_of(project_id, key_id))).one_or_none()
    return None if row is None else _key(row)


def get_admin(sql: Connection, key_id: str) -> StoredAdminKey | None:
    """Read an admin key, None when there is none."""
    return _one_admin(sql, api_keys.c.id == key_id)


def find_by_prefix(sql: Connection, prefix: str) -> StoredKey | None:
    """Read the only key with a prefix that is not revoked, None when there is none, or several."""
    is_meant = (api_keys.c.prefix == prefix) & ~_IS_ADMIN & api_keys.c.revoked_at.is_(None)
    rows = sql.execute(select(api_keys).where(is_meant).limit(2)).all()
    return _key(rows[0]) if len(rows) == 1 else None


def find_by_id(sql: Connection, key_id: str) -> StoredKey | None:
    """Read a key whoever's it is, None when there is none."""
    row = sql.execute(select(api_keys).where(api_keys.c.id == key_id, ~_IS_ADMIN)).one_or_none()
    return None if row is None else _key(row)


def page(
    sql: Connection, project_id: str, after: str | None, limit: int, order: Order, include_revoked: bool
) -> Page[StoredKey] | None:
    """Read a project's keys by age; None when there is no key `after`."""
    mine = (api_keys.c.project_id == project_id) & _is_shown(include_revoked)
    return page_of(sql, api_keys, _key, mine, after, limit, order)


def page_admin(
    sql: Connection, after: str | None, limit: int, order: Order, include_revoked: bool
) -> Page[StoredAdminKey] | None:
    """Read the admin keys by age; None when there is no key `after`."""
    return page_of(sql, api_keys, _admin_key, _IS_ADMIN & _is_shown(include_revoked), after, limit, order)


def update(sql: Connection, project_id: str, key_id: str, change: KeyChange) -> StoredKey | None:
    """Change a key that nobody else changes meanwhile. None when there is none."""
    row = sql.execute(select(api_keys).where(_of(project_id, key_id)).with_for_update()).one_or_none()
    if row is None:
        return None
    changed, entry = change(_key(row))
    _write(sql, changed, entry)
    return changed


def update_admin(sql: Connection, key_id: str, change: AdminKeyChange) -> StoredAdminKey | None:
    """Change an admin key that nobody else changes meanwhile. None when there is none."""
    row = sql.execute(select(api_keys).where(api_keys.c.id == key_id, _IS_ADMIN).with_for_update()).one_or_none()
    if row is None:
        return None
    changed, entry = change(_admin_key(row))
    _write(sql, changed, entry)
    return changed


def note_used(sql: Connection, times: Mapping[str, int]) -> None:
    """Move the times of last use forward."""
    last = api_keys.c.last_used_at
    is_later = or_(last.is_(None), last < bindparam("time"))
    statement = update_of(api_keys).where(api_keys.c.id == bindparam("key"), is_later)
    # In the order of the ids, so that two servers that note the same keys do not wait for each other in a circle.
    rows = [{"key": key_id, "time": times[key_id]} for key_id in sorted(times)]
    if rows:
        sql.execute(statement.values(last_used_at=bindparam("time")), rows)


def _insert(sql: Connection, values: Mapping[str, Any], entry: StoredAuditEntry) -> None:
    sql.execute(insert(api_keys), dict(values))
    audit_rows.append(sql, entry)


def _write(sql: Connection, key: StoredKey | StoredAdminKey, entry: StoredAuditEntry | None) -> None:
    if entry is not None:
        sql.execute(update_of(api_keys).where(api_keys.c.id == key.id).values(asdict(key)))
        audit_rows.append(sql, entry)


def _one_admin(sql: Connection, condition: ColumnElement[bool]) -> StoredAdminKey | None:
    row = sql.execute(select(api_keys).where(condition, _IS_ADMIN)).one_or_none()
    return None if row is None else _admin_key(row)


def _of(project_id: str, key_id: str) -> ColumnElement[bool]:
    return (api_keys.c.id == key_id) & (api_keys.c.project_id == project_id)


def _is_shown(include_revoked: bool) -> ColumnElement[bool]:
    return true() if include_revoked else api_keys.c.revoked_at.is_(None)


def _key(row: Row[Any]) -> StoredKey:
    return StoredKey(**row._mapping)


def _admin_key(row: Row[Any]) -> StoredAdminKey:
    return StoredAdminKey(**{each.name: row._mapping[each.name] for each in fields(StoredAdminKey)})
