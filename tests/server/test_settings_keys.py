"""Keys of the settings: each is a project of its own, the same one at every start."""

import hashlib

import pytest

from ossian.accounts.scopes import Endpoint
from ossian.server.settings_keys import SettingsKeys

KEYS = SettingsKeys(["first-key", "zweiter-schlüssel"])


def sent(key: str) -> str:
    """A key as a header is read."""
    return key.encode().decode("latin-1")


@pytest.mark.parametrize("number, key", [(1, "first-key"), (2, "zweiter-schlüssel")])
def test_who_has_a_key_is_a_project(number: int, key: str) -> None:
    found = KEYS.caller(sent(key), "192.0.2.7")
    assert found is not None
    assert found.project is not None
    assert found.project.name == f"settings key {number}"
    assert found.address == "192.0.2.7"
    assert not found.is_anonymous
    found.check_endpoint(Endpoint.BATCHES)
    found.check_model("anything")


def test_what_is_stored_stays_its_callers() -> None:
    """As the first version of the database knew them."""
    for key in ("first-key", "zweiter-schlüssel"):
        found = KEYS.caller(sent(key), "")
        assert found is not None
        assert found.storage_scope == hashlib.sha256(f"Bearer {sent(key)}".encode()).hexdigest()
        assert found.project is not None
        assert found.project.id == found.storage_scope


@pytest.mark.parametrize(
    "secret", ["", "wrong", "first-key2", "first-ke", "FIRST-KEY", "zweiter-schlüssel", "zweiter-schl?ssel", "€"]
)
def test_nothing_else_is_a_key(secret: str) -> None:
    assert KEYS.caller(secret, "") is None


def test_there_may_be_none() -> None:
    assert KEYS
    assert not SettingsKeys([])
    assert SettingsKeys([]).caller("", "") is None
