"""API keys: whose a secret is. The keys of the database are looked up there, and remembered for half a second.

So a key that is revoked anywhere is refused everywhere within that; in the process that revoked it, at once.
"""

from collections.abc import Callable
from typing import Self

from starlette.requests import HTTPConnection

from ossian.accounts.administration import PEPPER
from ossian.accounts.callers import Caller, admin_caller, keyed_caller, unknown_key
from ossian.accounts.keys import AdminKey, ApiKey, KeyKind, digest, kind_of
from ossian.accounts.projects import Project
from ossian.accounts.stored import admin_key_of, key_of, project_of
from ossian.server.last_uses import LastUses
from ossian.server.lookups import Lookups
from ossian.server.settings_keys import SettingsKeys
from ossian.settings import ServerSettings
from ossian.storage.database import Database


class KeyRing:
    """Finds callers by their secrets. Made by `open`; `now` is in seconds since 1970.

    caller = await key_ring.caller("sk-ossian-…", "192.0.2.7")
    """

    def __init__(self, database: Database, pepper: bytes, settings: ServerSettings, now: Callable[[], float]) -> None:
        self._store = database.keys
        self._pepper = pepper
        self._settings_keys = SettingsKeys(key.get_secret_value() for key in settings.api_keys)
        self._now = now
        self._keys = Lookups(self._key)
        self._admin_keys = Lookups(self._admin_key)
        self._has_keys = Lookups(lambda _: self._store.has_keys())
        self._last_uses = LastUses(database.keys.note_used)

    @classmethod
    async def open(cls, database: Database, settings: ServerSettings, now: Callable[[], float]) -> Self:
        """Return the keys of the settings and of an open database."""
        return cls(database, await database.secret(PEPPER), settings, now)

    async def aclose(self) -> None:
        """Write what is not written yet; the database is still open."""
        for lookups in (self._keys, self._admin_keys, self._has_keys):
            await lookups.aclose()
        await self._last_uses.aclose()

    async def caller(self, secret: str, address: str) -> Caller:
        """Return the caller with a secret, at an address.

        Raises AuthenticationError for a key that is not valid, PermissionDeniedError when its project is archived,
        StorageError when nobody can tell.
        """
        if known := self._settings_keys.caller(secret, address):
            return known
        kind = kind_of(secret)
        if kind is None:
            raise unknown_key()
        return await self._stored_caller(kind, digest(secret, self._pepper), address)

    def settings_caller(self, scope: str, address: str) -> Caller:
        """Return the caller with the key of the settings that has a storage scope.

        Raises AuthenticationError when there is none any more.
        """
        found = self._settings_keys.caller_of(scope, address)
        if found is None:
            raise unknown_key()
        return found

    async def renewed(self, caller: Caller) -> Caller:
        """Return the caller as he is now, for who stays connected. Raises what `caller` does."""
        if caller.key:
            return await self._stored_caller(KeyKind.PROJECT, caller.key.digest, caller.address)
        if caller.admin_key:
            return await self._stored_caller(KeyKind.ADMIN, caller.admin_key.digest, caller.address)
        return caller

    async def has_keys(self) -> bool:
        """Tell whether there is any key of a project, in the settings or in the database."""
        return bool(self._settings_keys) or bool(await self._has_keys.get(""))

    def forget(self) -> None:
        """Look everything up again: keys or projects were changed."""
        for lookups in (self._keys, self._admin_keys, self._has_keys):
            lookups.forget()

    async def _stored_caller(self, kind: KeyKind, key_digest: str, address: str) -> Caller:
        now = self._now()
        if kind is KeyKind.ADMIN:
            admin_key = await self._admin_keys.get(key_digest)
            caller = admin_caller(admin_key, address, now)
        else:
            key, project = await self._keys.get(key_digest) or (None, None)
            caller = keyed_caller(key, project, address, now)
        if used := caller.key or caller.admin_key:
            self._last_uses.note(used.id, now)
        return caller

    async def _key(self, key_digest: str) -> tuple[ApiKey, Project] | None:
        found = await self._store.find(key_digest)
        return None if found is None else (key_of(found[0]), project_of(found[1]))

    async def _admin_key(self, key_digest: str) -> AdminKey | None:
        found = await self._store.find_admin(key_digest)
        return None if found is None else admin_key_of(found)


def key_ring_of(connection: HTTPConnection) -> KeyRing:
    """Return the keys of the application that a request came to."""
    key_ring: KeyRing = connection.app.state.key_ring
    return key_ring
