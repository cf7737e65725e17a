"""Projects and keys in the database of a running server, as another process would write them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, TypeVar

from ossian.accounts.administration import PEPPER
from ossian.accounts.keys import KeyKind, digest, new_secret, prefix_of
from ossian.storage.account_records import StoredAdminKey, StoredAuditEntry, StoredKey, StoredProject
from ossian.storage.database import Database
from ossian.storage.urls import database_url
from tests.server.serving import NOW, Served

Result = TypeVar("Result")

_numbers = count(1)


@dataclass(frozen=True)
class Made:
    """A key and its secret."""

    id: str
    project_id: str
    secret: str

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.secret}"}


def in_database(served: Served, work: Callable[[Database], Awaitable[Result]]) -> Result:
    """What `work` returns, in a connection of its own."""

    async def run() -> Result:
        database = await Database.open(database_url(served.parts.settings))
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def make_project(served: Served, name: str = "", **fields: Any) -> str:
    """The id of a new project."""
    project_id = f"proj_{next(_numbers)}"
    project = StoredProject(project_id, name or project_id, NOW - 1000, **fields)
    assert in_database(served, lambda database: database.projects.create(project, _entry()))
    return project_id


def make_key(served: Served, project_id: str, **fields: Any) -> Made:
    """A new key of a project."""

    async def make(database: Database) -> Made:
        made = Made(f"key_{next(_numbers)}", project_id, new_secret())
        key = StoredKey(made.id, project_id, "laptop", **await _kept(database, made.secret), **fields)
        assert await database.keys.create(key, _entry())
        return made

    return in_database(served, make)


def make_admin_key(served: Served, **fields: Any) -> Made:
    """A new admin key."""

    async def make(database: Database) -> Made:
        made = Made(f"adm_{next(_numbers)}", "", new_secret(KeyKind.ADMIN))
        kept = await _kept(database, made.secret)
        await database.keys.create_admin(StoredAdminKey(made.id, "root", **kept, **fields), _entry())
        return made

    return in_database(served, make)


def change_key(served: Served, made: Made, **fields: Any) -> None:
    """Change what is stored of a key."""

    async def change(database: Database) -> None:
        if made.project_id:
            await database.keys.update(made.project_id, made.id, lambda key: (replace(key, **fields), _entry()))
        else:
            await database.keys.update_admin(made.id, lambda key: (replace(key, **fields), _entry()))

    in_database(served, change)


def change_project(served: Served, project_id: str, **fields: Any) -> None:
    """Change what is stored of a project."""
    in_database(
        served,
        lambda database: database.projects.update(project_id, lambda project: (replace(project, **fields), _entry())),
    )


async def _kept(database: Database, secret: str) -> dict[str, Any]:
    pepper = await database.secret(PEPPER)
    return {"prefix": prefix_of(secret), "digest": digest(secret, pepper), "created_at": NOW - 1000}


def _entry() -> StoredAuditEntry:
    return StoredAuditEntry(f"audit_{next(_numbers)}", NOW, "test", "cli", "cli", "")
