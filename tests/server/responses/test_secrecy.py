import base64
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.errors import InvalidRequestError
from ossian.server.responses.secrecy import NUM_NONCE_BYTES, Secrecy

SECRECY = Secrecy(bytes(range(32)))
TEXTS = st.text(st.characters(codec=None))  # lone surrogates too


@given(TEXTS, st.text())
def test_what_is_concealed_is_revealed_to_the_same_caller(text: str, scope: str) -> None:
    conceal, reveal = SECRECY.of(scope)
    assert reveal(conceal(text)) == text


def refused(secrecy: Secrecy, scope: str, encrypted: str) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        secrecy.reveal(scope, encrypted)
    assert (raised.value.code, raised.value.param) == ("invalid_encrypted_content", "input")


@given(TEXTS, st.text(min_size=1))
def test_another_caller_cannot_read_it(text: str, scope: str) -> None:
    refused(SECRECY, "", SECRECY.conceal(scope, text))


@given(st.data(), TEXTS)
def test_a_changed_byte_is_noticed(data: st.DataObject, text: str) -> None:
    sealed = bytearray(base64.urlsafe_b64decode(SECRECY.conceal("a", text)))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    refused(SECRECY, "a", base64.urlsafe_b64encode(sealed).decode())


@given(st.data())
def test_a_part_of_it_is_noticed(data: st.DataObject) -> None:
    encrypted = SECRECY.conceal("a", "Two and two.")
    refused(SECRECY, "a", encrypted[: data.draw(st.integers(0, len(encrypted) - 1))])


@given(st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(b"\x01" + raw).decode()))
def test_what_was_never_concealed_is_refused(encrypted: str) -> None:
    refused(SECRECY, "a", encrypted)


def test_another_secret_does_not_open_it() -> None:
    refused(Secrecy(os.urandom(32)), "a", SECRECY.conceal("a", "Mine."))


def test_the_same_text_never_looks_the_same() -> None:
    assert len({SECRECY.conceal("a", "Same.") for _ in range(100)}) == 100


def test_nothing_of_the_text_or_the_caller_shows() -> None:
    sealed = base64.urlsafe_b64decode(SECRECY.conceal("caller", "secret"))
    assert b"secret" not in sealed
    assert b"caller" not in sealed
    assert len(sealed) == 1 + NUM_NONCE_BYTES + len("secret") + 16  # version, nonce, text, tag
