"""The keys in the setting `server.api_keys`. Each is a project of its own, which is not in the database."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import replace

from ossian.accounts.callers import Caller
from ossian.accounts.projects import Project
from ossian.accounts.scopes import EVERYTHING


class SettingsKeys:
    """Finds the caller with one of the keys."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._callers = [(key.encode(), _caller(key, number)) for number, key in enumerate(keys, 1)]

    def __bool__(self) -> bool:
        return bool(self._callers)

    def caller(self, secret: str, address: str) -> Caller | None:
        """Return who has this key, None when nobody has.

        It is compared with every key, in a time that tells nothing about them. `secret` is as headers are read: in
        Latin-1, whatever it was written in.
        """
        given = secret.encode("latin-1", "replace")
        found = [caller for key, caller in self._callers if hmac.compare_digest(given, key)]
        return replace(found[0], address=address) if found else None

    def caller_of(self, scope: str, address: str) -> Caller | None:
        """Return who has the key with a storage scope, None when that is not among the settings any more."""
        found = [caller for _, caller in self._callers if caller.storage_scope == scope]
        return replace(found[0], address=address) if found else None


def _caller(key: str, number: int) -> Caller:
    scope = hashlib.sha256(b"Bearer " + key.encode().decode("latin-1").encode()).hexdigest()
    project = Project(scope, f"settings key {number}", created_at=0)
    return Caller("", EVERYTHING, project, storage_scope=scope)
