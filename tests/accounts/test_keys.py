import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.accounts.keys import (
    MIN_PEPPER_BYTES,
    AdminKey,
    ApiKey,
    KeyKind,
    KeyState,
    digest,
    is_secret_of,
    kind_of,
    new_secret,
    prefix_of,
    without_secrets,
)
from ossian.errors import ConfigurationError

PEPPER = b"a pepper for tests, of no use else"
KEY = ApiKey("key_1", "proj_1", "laptop", "sk-ossian-abc", "digest", created_at=1000)
ADMIN_KEY = AdminKey("adm_1", "root", "sk-ossian-admin-abc", "digest", created_at=1000)


@pytest.mark.parametrize("kind", KeyKind)
def test_a_secret_says_what_it_is_for(kind: KeyKind) -> None:
    secret = new_secret(kind)
    assert re.fullmatch(rf"{kind.value}[0-9A-Za-z]{{43}}", secret)
    assert kind_of(secret) is kind


def test_secrets_are_of_projects_unless_something_else_is_said() -> None:
    assert kind_of(new_secret()) is KeyKind.PROJECT


def test_a_secret_holds_256_random_bits() -> None:
    asked: list[int] = []

    def random_bytes(num: int) -> bytes:
        asked.append(num)
        return b"\xff" * num

    assert new_secret(random_bytes=random_bytes) != new_secret(random_bytes=lambda num: b"\xff" * (num - 1) + b"\xfe")
    assert asked == [32]


@given(st.sets(st.binary(min_size=32, max_size=32)))
def test_different_random_bits_make_different_secrets(random_bits: set[bytes]) -> None:
    def secret_of(bits: bytes) -> str:
        return new_secret(random_bytes=lambda _: bits)

    secrets = {secret_of(bits) for bits in random_bits}
    assert len(secrets) == len(random_bits)
    assert all(kind_of(secret) is KeyKind.PROJECT for secret in secrets)


def test_two_secrets_differ() -> None:
    assert len({new_secret() for _ in range(100)}) == 100


@pytest.mark.parametrize(
    "text",
    ["", "sk-ossian-", "sk-ossian-admin-", "sk-proj-abc", "unused", "sk-ossian-" + "a" * 42, "sk-ossian-" + "ä" * 43],
)
def test_other_texts_are_no_secrets(text: str) -> None:
    assert kind_of(text) is None


@given(st.text())
def test_no_text_breaks_the_check_of_a_secret(text: str) -> None:
    assert kind_of(text) is None
    assert not is_secret_of(KEY, text, PEPPER)


def test_the_prefix_shows_six_characters_of_what_is_secret() -> None:
    assert prefix_of("sk-ossian-0123456789") == "sk-ossian-012345"
    assert prefix_of("sk-ossian-admin-0123456789") == "sk-ossian-admin-012345"


def test_the_digest_is_hmac_sha256_keyed_with_the_pepper() -> None:
    assert digest("sk-ossian-x", PEPPER) == hmac.new(PEPPER, b"sk-ossian-x", hashlib.sha256).hexdigest()
    assert digest("sk-ossian-x", PEPPER) != digest("sk-ossian-x", PEPPER + b"!")


def test_digests_that_were_stored_stay_valid() -> None:
    assert digest("sk-ossian-x", PEPPER) == "96f71b9ef09e2f7a28d98406d7f8c1b6069f4bc9dd368b5e2c4ca3c5f8d0e7f1"


def test_a_short_pepper_is_an_error_of_the_settings() -> None:
    with pytest.raises(ConfigurationError, match="16 bytes"):
        digest("secret", b"x" * (MIN_PEPPER_BYTES - 1))
    assert digest("secret", b"x" * MIN_PEPPER_BYTES)


@pytest.mark.parametrize("key", [KEY, ADMIN_KEY])
def test_a_key_knows_its_secret(key: ApiKey | AdminKey) -> None:
    secret = new_secret()
    key = replace(key, digest=digest(secret, PEPPER))
    assert is_secret_of(key, secret, PEPPER)
    assert not is_secret_of(key, secret + "x", PEPPER)
    assert not is_secret_of(key, new_secret(), PEPPER)
    assert not is_secret_of(key, secret, PEPPER + b"x")


def test_a_secret_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[str, str]] = []

    def compare_digest(one: str, other: str) -> bool:
        compared.append((one, other))
        return True

    monkeypatch.setattr(hmac, "compare_digest", compare_digest)
    assert is_secret_of(KEY, "sk-ossian-x", PEPPER)
    assert compared == [(digest("sk-ossian-x", PEPPER), KEY.digest)]


@pytest.mark.parametrize("key", [KEY, ADMIN_KEY])
def test_the_state_of_a_key(key: ApiKey | AdminKey) -> None:
    assert key.state(2000) is KeyState.ACTIVE
    assert replace(key, is_enabled=False).state(2000) is KeyState.DISABLED
    assert replace(key, revoked_at=1500).state(2000) is KeyState.REVOKED
    assert replace(key, expires_at=2000).state(1999.999) is KeyState.ACTIVE
    assert replace(key, expires_at=2000).state(2000) is KeyState.EXPIRED


def test_of_several_reasons_the_one_that_lasts_is_told() -> None:
    assert replace(KEY, is_enabled=False, expires_at=1, revoked_at=1).state(2) is KeyState.REVOKED
    assert replace(KEY, is_enabled=False, expires_at=1).state(2) is KeyState.EXPIRED


def test_logs_show_only_prefixes() -> None:
    secret, admin_secret = new_secret(), new_secret(KeyKind.ADMIN)
    text = without_secrets(f"Bearer {secret}, {admin_secret}! and sk-ossian-short")
    assert text == f"Bearer {prefix_of(secret)}…, {prefix_of(admin_secret)}…! and sk-ossian-short"
    assert secret not in text
    assert admin_secret not in text


@pytest.mark.parametrize("kind", KeyKind)
@pytest.mark.parametrize(
    "change", [lambda secret: secret[:-1], lambda secret: secret[:-30], lambda secret: f"{secret}1"]
)
def test_nor_is_a_secret_that_was_not_copied_exactly(kind: KeyKind, change: Callable[[str], str]) -> None:
    secret = new_secret(kind)
    assert without_secrets(f"/v1/models/{change(secret)}?") == f"/v1/models/{prefix_of(secret)}…?"
