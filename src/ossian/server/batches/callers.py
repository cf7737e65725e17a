"""In whose name the lines of a batch are run: its caller's, as long as he may still call."""

from ossian.accounts.callers import LOCAL_SCOPE, Caller, anonymous_caller, missing_key, unknown_key
from ossian.accounts.scopes import EVERYTHING
from ossian.accounts.stored import key_of, project_of
from ossian.api.fields import JsonObject
from ossian.server.anonymity import Anonymity
from ossian.server.key_ring import KeyRing
from ossian.settings import Settings
from ossian.storage.database import Database


def caller_body(caller: Caller) -> JsonObject:
    """Return what is stored of a caller: who he is, and nothing that opens anything."""
    return {
        "address": caller.address,
        "project_id": caller.project.id if caller.project else None,
        "key_id": caller.key.id if caller.key else None,
    }


class BatchCallers:
    """Finds the callers of batches."""

    def __init__(self, database: Database, key_ring: KeyRing, settings: Settings) -> None:
        self._database = database
        self._key_ring = key_ring
        self._anonymity = Anonymity(settings.server, settings.access)

    async def find(self, stored: JsonObject) -> Caller:
        """Return the caller of a batch.

        Raises AuthenticationError when his key is not valid any more, PermissionDeniedError when his project is
        archived, StorageError when nobody can tell.
        """
        address, project_id, key_id = stored["address"], stored["project_id"], stored["key_id"]
        if project_id is None:
            return self._local_caller(address)
        if key_id is None:
            return self._key_ring.settings_caller(project_id, address)
        key, project = await self._database.keys.get(project_id, key_id), await self._database.projects.get(project_id)
        if key is None or project is None:
            raise unknown_key()
        found = key_of(key)
        return await self.renewed(
            Caller(address, found.scopes, project_of(project), found, storage_scope=found.project_id)
        )

    async def renewed(self, caller: Caller) -> Caller:
        """Return a caller as he is now. Raises what `find` does."""
        return await self._key_ring.renewed(caller)

    def _local_caller(self, address: str) -> Caller:
        if not self._anonymity.is_local_allowed:
            raise missing_key("This batch was made without an API key, and this server needs one now.")
        return anonymous_caller(address, EVERYTHING, LOCAL_SCOPE)
