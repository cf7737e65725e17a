"""In whose name batches run."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ossian.accounts.callers import LOCAL_SCOPE, Caller
from ossian.accounts.keys import KeyKind, digest, new_secret
from ossian.accounts.scopes import EVERYTHING
from ossian.errors import AuthenticationError, PermissionDeniedError
from ossian.server.batches.callers import BatchCallers, caller_body
from ossian.server.key_ring import KeyRing
from ossian.settings import Settings
from ossian.storage import Database
from ossian.storage.account_records import StoredAuditEntry, StoredKey, StoredProject
from tests.server.serving import DATABASE, NOW, database_folder

LOCAL = {"address": "127.0.0.1", "project_id": None, "key_id": None}
ENTRY, ENTRY_1, ENTRY_2 = (StoredAuditEntry(f"audit_{number}", NOW, "test", "cli", "cli", "") for number in range(3))


@asynccontextmanager
async def callers(*keys: str, **server: Any) -> AsyncIterator[tuple[BatchCallers, KeyRing, Database]]:
    settings = Settings.model_validate({"server": {"api_keys": keys, **server}})
    with database_folder() as folder:
        database = await Database.open(f"sqlite:///{folder / DATABASE}")
        key_ring = await KeyRing.open(database, settings.server, lambda: NOW)
        yield BatchCallers(database, key_ring, settings), key_ring, database
        await key_ring.aclose()
        await database.close()


async def test_a_caller_on_this_machine_stays_one() -> None:
    async with callers() as (found, _, _):
        caller = await found.find(LOCAL)
        assert (caller.is_local, caller.storage_scope, caller.address) == (True, LOCAL_SCOPE, "127.0.0.1")
        assert caller_body(caller) == LOCAL
        assert await found.renewed(caller) == caller


@pytest.mark.parametrize("server", [{"api_keys": ["a-key"]}, {"host": "0.0.0.0"}])
async def test_he_needs_a_key_where_everybody_does(server: dict[str, Any]) -> None:
    keys = server.pop("api_keys", [])
    async with callers(*keys, **server) as (found, _, _):
        with pytest.raises(AuthenticationError, match="was made without an API key"):
            await found.find(LOCAL)


async def test_a_key_of_the_settings() -> None:
    async with callers("first", "second") as (found, key_ring, _):
        caller = await key_ring.caller("second", "192.0.2.7")
        assert await found.find(caller_body(caller)) == caller
        with pytest.raises(AuthenticationError):
            await found.find(caller_body(caller) | {"project_id": "another"})


async def add_key(database: Database, key_ring: KeyRing, **fields: Any) -> Caller:
    """A project's key, and who calls with it."""
    await database.projects.create(StoredProject("proj_1", "demo", NOW), ENTRY)
    secret = new_secret(KeyKind.PROJECT)
    kept = digest(secret, await database.secret("api-keys"))
    scopes = EVERYTHING.to_json()
    assert await database.keys.create(
        StoredKey("key_1", "proj_1", "laptop", "sk-", kept, NOW, scopes=scopes, **fields), ENTRY_1
    )
    return await key_ring.caller(secret, "192.0.2.7")


async def test_a_key_of_the_database() -> None:
    async with callers() as (found, key_ring, database):
        caller = await add_key(database, key_ring)
        body = caller_body(caller)
        assert body == {"address": "192.0.2.7", "project_id": "proj_1", "key_id": "key_1"}
        assert await found.find(body) == caller
        for missing in ({"key_id": "key_2"}, {"project_id": "proj_2"}):
            with pytest.raises(AuthenticationError):
                await found.find(body | missing)


async def test_what_the_key_may_is_what_it_may_now() -> None:
    async with callers() as (found, key_ring, database):
        caller = await add_key(database, key_ring)
        await database.projects.update(
            "proj_1", lambda project: (StoredProject(project.id, project.name, NOW, archived_at=NOW), ENTRY_2)
        )
        key_ring.forget()
        with pytest.raises(PermissionDeniedError):
            await found.find(caller_body(caller))
        with pytest.raises(PermissionDeniedError):
            await found.renewed(caller)
