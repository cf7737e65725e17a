"""API keys: their secrets, what is kept of them, and whether they are valid.

A secret is shown once. What is kept is its digest, keyed with the server's pepper, so that a copy of the database opens
nothing and no guess can be tried against it.
"""

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ossian.accounts.budgets import Budget
from ossian.accounts.limits import Limits
from ossian.accounts.scopes import EVERYTHING, Scopes
from ossian.errors import ConfigurationError

MIN_PEPPER_BYTES: Final = 16

_ALPHABET: Final = string.digits + string.ascii_letters  # no hyphen: a project's secret never looks like an admin's
_NUM_SECRET_BYTES: Final = 32
_NUM_SECRET_CHARACTERS: Final = 43  # 62^43 > 2^256
_NUM_SHOWN_CHARACTERS: Final = 6
_SECRET: Final = re.compile(rf"sk-ossian-(?:admin-)?[0-9A-Za-z]{{{_NUM_SECRET_CHARACTERS}}}")
_MUCH_OF_A_SECRET: Final = re.compile(rf"(sk-ossian-(?:admin-)?[0-9A-Za-z]{{{_NUM_SHOWN_CHARACTERS}}})[0-9A-Za-z]+")


class KeyKind(StrEnum):
    """What a key is for; the value is how its secret begins."""

    PROJECT = "sk-ossian-"
    ADMIN = "sk-ossian-admin-"


class KeyState(StrEnum):
    """Whether a key is valid, and why not."""

    ACTIVE = "active"
    DISABLED = "disabled"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A project's key. Times are in seconds since 1970; `prefix` is the beginning of the secret, for people.

    A disabled key can be enabled again, a revoked one is kept for its name in the usage records. `limits` count all
    models together; None are those of the server's profile.
    """

    id: str
    project_id: str
    name: str
    prefix: str
    digest: str
    created_at: int
    description: str = ""
    expires_at: int | None = None
    revoked_at: int | None = None
    last_used_at: int | None = None
    is_enabled: bool = True
    scopes: Scopes = EVERYTHING
    limits: Limits | None = None
    budget: Budget | None = None

    def state(self, now: float) -> KeyState:
        """Tell whether the key is valid at a time."""
        return _state(self.revoked_at, self.expires_at, self.is_enabled, now)


@dataclass(frozen=True, slots=True)
class AdminKey:
    """A key for the admin API, and for nothing else: it belongs to no project."""

    id: str
    name: str
    prefix: str
    digest: str
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None
    last_used_at: int | None = None
    is_enabled: bool = True

    def state(self, now: float) -> KeyState:
        """Tell whether the key is valid at a time."""
        return _state(self.revoked_at, self.expires_at, self.is_enabled, now)


def _state(revoked_at: int | None, expires_at: int | None, is_enabled: bool, now: float) -> KeyState:
    """The reason that cannot be undone comes first."""
    if revoked_at is not None:
        return KeyState.REVOKED
    if expires_at is not None and expires_at <= now:
        return KeyState.EXPIRED
    return KeyState.ACTIVE if is_enabled else KeyState.DISABLED


def new_secret(kind: KeyKind = KeyKind.PROJECT, random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """Return a new secret with 256 random bits, in letters and digits so that a double click selects it."""
    number = int.from_bytes(random_bytes(_NUM_SECRET_BYTES))
    characters = []
    for _ in range(_NUM_SECRET_CHARACTERS):
        number, digit = divmod(number, len(_ALPHABET))
        characters.append(_ALPHABET[digit])
    return kind + "".join(characters)


def kind_of(secret: str) -> KeyKind | None:
    """Return what a secret is for, None when it is not one of ours. That says nothing of its being valid."""
    if not _SECRET.fullmatch(secret):
        return None
    return KeyKind.ADMIN if secret.startswith(KeyKind.ADMIN) else KeyKind.PROJECT


def prefix_of(secret: str) -> str:
    """Return the part of a secret that may be shown: enough to tell keys apart, no help in guessing the rest."""
    kind = KeyKind.ADMIN if secret.startswith(KeyKind.ADMIN) else KeyKind.PROJECT
    return secret[: len(kind) + _NUM_SHOWN_CHARACTERS]


def digest(secret: str, pepper: bytes) -> str:
    """Return the keyed hash of a secret, 64 hexadecimal digits.

    Raises ConfigurationError for a pepper that could be guessed.
    """
    if len(pepper) < MIN_PEPPER_BYTES:
        raise ConfigurationError(f"The pepper of the API keys needs at least {MIN_PEPPER_BYTES} bytes.")
    return hmac.new(pepper, secret.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()


def is_secret_of(key: ApiKey | AdminKey, secret: str, pepper: bytes) -> bool:
    """Tell whether a secret is this key's, in a time that does not depend on how much of it is right."""
    return hmac.compare_digest(digest(secret, pepper), key.digest)


def without_secrets(text: str) -> str:
    """Return a text for logs, in which every secret is only its prefix, also one that was not copied exactly."""
    return _MUCH_OF_A_SECRET.sub(r"\1…", text)
