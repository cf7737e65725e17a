"""The accounts in the configured database, for commands: opened whether or not a server uses it."""

import getpass
import os
import platform
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from ossian.accounts.administration import PEPPER, Administration
from ossian.accounts.audit import Actor, ActorKind
from ossian.accounts.keys import AdminKey, ApiKey, digest, kind_of
from ossian.accounts.projects import Project
from ossian.accounts.stored import admin_key_of, key_of, project_of
from ossian.cli.configuration import load_settings
from ossian.cli.logs import configure_logs
from ossian.errors import NotFoundError
from ossian.settings import Settings
from ossian.storage import Database, Page, database_url

PAGE = 100


@dataclass(frozen=True)
class Accounts:
    """An open database, and who works on it."""

    settings: Settings
    database: Database
    administration: Administration
    actor: Actor
    pepper: bytes


@asynccontextmanager
async def opened() -> AsyncIterator[Accounts]:
    """Open the database that the settings name. Raises ConfigurationError when that cannot be done."""
    settings = load_settings({})
    configure_logs(settings.log)
    database = await Database.open(database_url(settings))
    try:
        pepper = await database.secret(PEPPER)
        administration = Administration(database, pepper, time.time, new_id)
        yield Accounts(settings, database, administration, actor(), pepper)
    finally:
        await database.close()


def new_id(prefix: str) -> str:
    """Return an id that nobody has used."""
    return prefix + uuid.uuid4().hex


def actor() -> Actor:
    """Return who runs this command, for the audit log."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # a container's user need not have a name
        name = f"uid {os.getuid()}"
    return Actor(ActorKind.CLI, name, platform.node())


async def project_named(accounts: Accounts, text: str) -> Project:
    """Return the project of an id or a name. Raises NotFoundError, which lists the names there are."""
    projects = accounts.database.projects
    stored = await projects.find_by_name(text) or await projects.get(text)
    if stored:
        return project_of(stored)
    names = ", ".join(sorted(f"'{project.name}'" for project in await all_projects(accounts))) or "none"
    raise NotFoundError(f"There is no project '{text}'. There are: {names}.", param="project")


async def key_named(accounts: Accounts, text: str, project: Project | None = None) -> ApiKey | AdminKey:
    """Return the key of an id, a name, a secret or its beginning; a name may be that of several, in other projects.

    Keys that are not revoked come first. Raises NotFoundError when there is none or more than one.
    """
    found = await _key_of_secret(accounts, text) if kind_of(text) else None
    if found:
        return found
    name = text.removesuffix("…")  # which lists put behind the beginning of a secret
    keys = await all_keys(accounts, project, include_revoked=True)
    named = [key for key in keys if name in (key.id, key.name, key.prefix)]
    current = [key for key in named if key.revoked_at is None] or named
    if len(current) == 1:
        return current[0]
    if current:
        ids = ", ".join(key.id for key in current)
        raise NotFoundError(f"{len(current)} keys are named '{name}': say which by its id. They are {ids}.")
    shown = "with that secret" if kind_of(text) else f"'{name}'"
    raise NotFoundError(f"There is no API key {shown}. `ossian keys list` shows those that there are.", param="key")


async def all_projects(accounts: Accounts, *, include_archived: bool = False) -> list[Project]:
    """Return the projects, oldest first."""
    projects = accounts.database.projects
    stored = await _all(lambda after: projects.page(after, PAGE, include_archived=include_archived))
    return [project_of(each) for each in stored]


async def all_keys(
    accounts: Accounts, project: Project | None = None, *, include_revoked: bool = False
) -> list[ApiKey | AdminKey]:
    """Return the keys of a project, oldest first; without one, those of all projects and the admin keys."""
    if project is None:
        projects = await all_projects(accounts, include_archived=include_revoked)
        admin_keys = await all_admin_keys(accounts, include_revoked=include_revoked)
        return [key for each in projects for key in await all_keys(accounts, each, include_revoked=include_revoked)] + [
            *admin_keys
        ]
    keys, project_id = accounts.database.keys, project.id
    stored = await _all(lambda after: keys.page(project_id, after, PAGE, include_revoked=include_revoked))
    return [key_of(each) for each in stored]


async def all_admin_keys(accounts: Accounts, *, include_revoked: bool = False) -> list[AdminKey]:
    """Return the admin keys, oldest first."""
    keys = accounts.database.keys
    stored = await _all(lambda after: keys.page_admin(after, PAGE, include_revoked=include_revoked))
    return [admin_key_of(each) for each in stored]


async def _all(page: Callable[[str | None], Awaitable[Page[Any] | None]]) -> list[Any]:
    """Return the rows of all pages."""
    found: list[Any] = []
    has_more = True
    while has_more:
        part = await page(found[-1].id if found else None)
        assert part is not None, "rows of accounts are never deleted"
        found += part.items
        has_more = part.has_more
    return found


async def _key_of_secret(accounts: Accounts, secret: str) -> ApiKey | AdminKey | None:
    hashed = digest(secret, accounts.pepper)
    if found := await accounts.database.keys.find(hashed):
        return key_of(found[0])
    admin_key = await accounts.database.keys.find_admin(hashed)
    return admin_key_of(admin_key) if admin_key else None
