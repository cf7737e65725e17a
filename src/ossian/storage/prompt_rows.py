"""A prompt as rows: itself, and one row per version."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, insert, select, tuple_, update
from sqlalchemy import delete as delete_from

from ossian.storage.records import JsonObject, Order, Page, StoredPrompt
from ossian.storage.tables import prompt_versions, prompts
from ossian.storage.upsert import upsert

POSSIBLE_VERSIONS = range(1, 2**31)  # what the column holds


def create(sql: Connection, scope: str, prompt_id: str, body: JsonObject, created_at: int) -> StoredPrompt | None:
    """Insert a prompt with its first version. None when the id is taken."""
    row = upsert(sql, prompts).values(id=prompt_id, scope=scope, created_at=created_at, version=1)
    if sql.execute(row.on_conflict_do_nothing().returning(prompts.c.id)).one_or_none() is None:
        return None
    return _insert_version(sql, StoredPrompt(prompt_id, scope, 1, body, created_at))


def add_version(sql: Connection, scope: str, prompt_id: str, body: JsonObject, created_at: int) -> StoredPrompt | None:
    """Insert the next version. None when there is no such prompt."""
    counted = update(prompts).where(_mine(scope, prompt_id)).values(version=prompts.c.version + 1)
    version = sql.scalar(counted.returning(prompts.c.version))
    return None if version is None else _insert_version(sql, StoredPrompt(prompt_id, scope, version, body, created_at))


def get(sql: Connection, scope: str, prompt_id: str, version: int | None) -> StoredPrompt | None:
    """Read one version, None when there is none."""
    if version is not None and version not in POSSIBLE_VERSIONS:
        return None
    is_wanted = prompt_versions.c.version == (prompts.c.version if version is None else version)
    row = sql.execute(_versions().where(_mine(scope, prompt_id), is_wanted)).one_or_none()
    return None if row is None else StoredPrompt(*row)


def page(sql: Connection, scope: str, after: str | None, limit: int, order: Order) -> Page[StoredPrompt] | None:
    """Read the newest versions of the prompts that follow one; None when that one does not exist."""
    place = tuple_(prompts.c.created_at, prompts.c.id)
    newest = _versions().where(prompts.c.scope == scope, prompt_versions.c.version == prompts.c.version)
    if after is not None:
        last = sql.execute(select(prompts.c.created_at, prompts.c.id).where(_mine(scope, after))).one_or_none()
        if last is None:
            return None
        newest = newest.where(place > tuple(last) if order == "asc" else place < tuple(last))
    columns = [prompts.c.created_at, prompts.c.id]
    ordered = newest.order_by(*(column if order == "asc" else column.desc() for column in columns))
    rows = [StoredPrompt(*row) for row in sql.execute(ordered.limit(limit + 1))]
    return Page(rows[:limit], len(rows) > limit)


def delete(sql: Connection, scope: str, prompt_id: str) -> bool:
    """Delete a prompt; its versions go with it."""
    return sql.execute(delete_from(prompts).where(_mine(scope, prompt_id))).rowcount > 0


def _mine(scope: str, prompt_id: str) -> ColumnElement[bool]:
    return (prompts.c.id == prompt_id) & (prompts.c.scope == scope)


def _versions() -> Select[Any]:
    version = prompt_versions.c
    columns = select(prompts.c.id, prompts.c.scope, version.version, version.body, version.created_at)
    return columns.join_from(prompts, prompt_versions, version.prompt_id == prompts.c.id)


def _insert_version(sql: Connection, prompt: StoredPrompt) -> StoredPrompt:
    row = {"prompt_id": prompt.id, "version": prompt.version, "created_at": prompt.created_at, "body": prompt.body}
    sql.execute(insert(prompt_versions), row)
    return prompt
