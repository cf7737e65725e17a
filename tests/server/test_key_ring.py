"""The key ring on a real database: whose a secret is, and how soon a change of its key is seen."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from ossian.accounts.administration import PEPPER, Administration
from ossian.accounts.audit import Actor, ActorKind
from ossian.accounts.keys import KeyKind, new_secret
from ossian.accounts.scopes import Endpoint
from ossian.errors import RequestError, StorageError
from ossian.server.key_ring import KeyRing
from ossian.server.lookups import MAX_AGE
from ossian.settings import ServerSettings
from ossian.storage.database import Database
from tests.server.serving import DATABASE, NOW, database_folder

ADDRESS = "192.0.2.7"
OPERATOR = Actor(ActorKind.CLI, "operator")


@dataclass
class World:
    """A database, who changes it, and a clock."""

    database: Database
    admin: Administration
    settings: ServerSettings
    now: list[float] = field(default_factory=lambda: [NOW + 0.5])

    async def ring(self) -> KeyRing:
        return await KeyRing.open(self.database, self.settings, lambda: self.now[0])

    async def key(self, **fields: Any) -> tuple[str, str, str]:
        """The project, the id and the secret of a new key."""
        project = await self.admin.default_project(OPERATOR)
        key, secret = await self.admin.create_key(OPERATOR, project.id, "laptop", **fields)
        return project.id, key.id, secret


@asynccontextmanager
async def world(**settings: Any) -> AsyncIterator[World]:
    with database_folder() as folder:
        database = await Database.open(f"sqlite:///{folder / DATABASE}")
        try:
            numbers = count(1)
            pepper = await database.secret(PEPPER)
            admin = Administration(database, pepper, lambda: NOW, lambda prefix: f"{prefix}{next(numbers)}")
            yield World(database, admin, ServerSettings.model_validate(settings))
        finally:
            await database.close()


@asynccontextmanager
async def ring_of(made: World) -> AsyncIterator[KeyRing]:
    ring = await made.ring()
    try:
        yield ring
    finally:
        await ring.aclose()


async def code_of(ring: KeyRing, secret: str) -> str | None:
    """The code that a secret is refused with."""
    with pytest.raises(RequestError) as caught:
        await ring.caller(secret, ADDRESS)
    return caught.value.code


async def test_a_secret_finds_its_key_and_project() -> None:
    async with world() as made, ring_of(made) as ring:
        project_id, key_id, secret = await made.key(scopes={"endpoints": ["models"]})
        found = await ring.caller(secret, ADDRESS)
        assert found.project is not None
        assert found.key is not None
        assert (found.project.id, found.key.id, found.address) == (project_id, key_id, ADDRESS)
        assert found.storage_scope == project_id
        assert found.scopes.endpoints == frozenset({Endpoint.MODELS})


async def test_an_admin_key_is_none_of_a_project() -> None:
    async with world() as made, ring_of(made) as ring:
        key, secret = await made.admin.create_admin_key(OPERATOR, "root")
        found = await ring.caller(secret, ADDRESS)
        assert found.admin_key is not None
        assert (found.admin_key.id, found.project, found.key) == (key.id, None, None)
        assert found.storage_scope is None
        found.check_admin()
        assert not await ring.has_keys(), "it lets nobody use a model"


async def test_the_settings_keys_are_found_without_the_database() -> None:
    async with world(api_keys=["from-the-settings"]) as made, ring_of(made) as ring:
        found = await ring.caller("from-the-settings", ADDRESS)
        assert found.project is not None
        assert found.project.name == "settings key 1"
        assert await ring.has_keys()
        assert await ring.renewed(found) is found


UNKNOWN = ["", "none", "sk-ossian-x", new_secret(), new_secret(KeyKind.ADMIN)]


@pytest.mark.parametrize("secret", UNKNOWN, ids=range(len(UNKNOWN)))
async def test_what_nobody_knows_is_refused(secret: str) -> None:
    async with world() as made, ring_of(made) as ring:
        await made.key()
        assert await code_of(ring, secret) == "invalid_api_key"


async def test_a_key_is_there_as_soon_as_it_is_made() -> None:
    async with world() as made, ring_of(made) as ring:
        assert not await ring.has_keys()
        _, _, secret = await made.key()
        assert (await ring.caller(secret, ADDRESS)).key is not None
        ring.forget()
        assert await ring.has_keys()


async def test_a_revoked_key_is_refused_at_once_by_who_is_told() -> None:
    async with world() as made, ring_of(made) as ring:
        project_id, key_id, secret = await made.key()
        caller = await ring.caller(secret, ADDRESS)
        await made.admin.revoke_key(OPERATOR, project_id, key_id)
        ring.forget()
        assert await code_of(ring, secret) == "revoked_api_key"
        with pytest.raises(RequestError) as caught:
            await ring.renewed(caller)
        assert caught.value.code == "revoked_api_key"


async def test_and_soon_by_everybody_else() -> None:
    """Two servers on one database, one of which is told."""
    async with world() as made, ring_of(made) as told, ring_of(made) as other:
        project_id, key_id, secret = await made.key()
        for ring in (told, other):
            await ring.caller(secret, ADDRESS)
        await made.admin.revoke_key(OPERATOR, project_id, key_id)
        told.forget()
        assert await code_of(told, secret) == "revoked_api_key"
        await asyncio.sleep(MAX_AGE)
        assert await code_of(other, secret) == "revoked_api_key"


async def test_a_key_expires_while_it_is_remembered() -> None:
    async with world() as made, ring_of(made) as ring:
        _, _, secret = await made.key(expires_at=NOW + 10)
        await ring.caller(secret, ADDRESS)
        made.now[0] = NOW + 10
        assert await code_of(ring, secret) == "expired_api_key"


async def test_who_stays_connected_is_looked_up_again() -> None:
    async with world() as made, ring_of(made) as ring:
        project_id, key_id, secret = await made.key()
        caller = await ring.caller(secret, ADDRESS)
        await made.admin.update_key(OPERATOR, project_id, key_id, {"name": "desktop"})
        ring.forget()
        renewed = await ring.renewed(caller)
        assert renewed.key is not None
        assert (renewed.key.name, renewed.address) == ("desktop", ADDRESS)
        _, admin_secret = await made.admin.create_admin_key(OPERATOR, "root")
        admin = await ring.caller(admin_secret, ADDRESS)
        assert (await ring.renewed(admin)).admin_key == admin.admin_key


async def test_the_last_use_is_written_at_the_end() -> None:
    async with world() as made:
        project_id, key_id, secret = await made.key()
        admin_key, admin_secret = await made.admin.create_admin_key(OPERATOR, "root")
        _, unused, _ = await made.key()
        async with ring_of(made) as ring:
            for each in (secret, admin_secret):
                await ring.caller(each, ADDRESS)
            await code_of(ring, new_secret())
        used = await made.database.keys.get(project_id, key_id)
        used_admin = await made.database.keys.get_admin(admin_key.id)
        other = await made.database.keys.get(project_id, unused)
        assert used is not None
        assert used_admin is not None
        assert other is not None
        assert (used.last_used_at, used_admin.last_used_at, other.last_used_at) == (NOW, NOW, None)


async def test_a_refused_key_was_not_used() -> None:
    async with world() as made:
        project_id, key_id, secret = await made.key(is_enabled=False)
        async with ring_of(made) as ring:
            assert await code_of(ring, secret) == "disabled_api_key"
        stored = await made.database.keys.get(project_id, key_id)
        assert stored is not None
        assert stored.last_used_at is None


async def test_without_the_database_nobody_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object) -> None:
        raise StorageError("away")

    async with world() as made:
        _, _, secret = await made.key()
        for name in ("find", "find_admin", "has_keys"):
            monkeypatch.setattr(made.database.keys, name, away)
        async with ring_of(made) as ring:
            for each in (secret, new_secret(KeyKind.ADMIN)):
                with pytest.raises(StorageError):
                    await ring.caller(each, ADDRESS)
            with pytest.raises(StorageError):
                await ring.has_keys()


async def test_many_at_once_ask_the_database_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with world() as made:
        _, _, secret = await made.key()
        find, looks = made.database.keys.find, []

        async def counted(digest: str) -> Any:
            looks.append(digest)
            return await find(digest)

        monkeypatch.setattr(made.database.keys, "find", counted)
        async with ring_of(made) as ring:
            callers = await asyncio.gather(*(ring.caller(secret, str(number)) for number in range(64)))
        assert [caller.address for caller in callers] == [str(number) for number in range(64)]
        assert len(looks) == 1
