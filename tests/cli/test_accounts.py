import getpass
import os

import pytest

from ossian.accounts.audit import Actor, ActorKind
from ossian.cli import accounts


def test_the_audit_log_has_the_users_and_the_machines_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.node", lambda: "machine")
    monkeypatch.setattr(getpass, "getuser", lambda: "ada")
    assert accounts.actor() == Actor(ActorKind.CLI, "ada", "machine")


@pytest.mark.parametrize("error", [KeyError("uid not found"), OSError("no username")])
def test_a_user_without_a_name_has_a_number(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def getuser() -> str:
        raise error

    monkeypatch.setattr(getpass, "getuser", getuser)
    assert accounts.actor().id == f"uid {os.getuid()}"


def test_ids_are_new() -> None:
    ids = {accounts.new_id("key_") for _ in range(100)}
    assert len(ids) == 100
    assert all(each.startswith("key_") for each in ids)
