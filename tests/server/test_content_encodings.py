"""Compressed bodies by themselves; test_body.py sends them."""

import os
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.errors import InvalidRequestError, RequestTooLargeError
from ossian.server.content_encodings import DECOMPRESSORS, MAX_FRAMES, Decompressor, unpacked
from tests.server.packing import PACKERS, with_window


@pytest.mark.parametrize("encoding", PACKERS)
@given(body=st.binary(max_size=200_000))
def test_what_was_packed_is_unpacked(encoding: str, body: bytes) -> None:
    assert unpacked(PACKERS[encoding](body), encoding, len(body)) == body


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_body_in_several_frames_is_one_body(encoding: str) -> None:
    pack = PACKERS[encoding]
    assert unpacked(pack(b"one ") + pack(b"") + pack(b"two"), encoding, 7) == b"one two"


@pytest.mark.parametrize("encoding", PACKERS)
@pytest.mark.parametrize("num_bytes", [1, 65_535, 65_536, 65_537, 500_000])
def test_the_limit_counts_what_comes_out_and_is_exact(encoding: str, num_bytes: int) -> None:
    packed = PACKERS[encoding](bytes(num_bytes))
    assert unpacked(packed, encoding, num_bytes) == bytes(num_bytes)
    with pytest.raises(RequestTooLargeError, match=f"over the limit of {num_bytes - 1} bytes"):
        unpacked(packed, encoding, num_bytes - 1)


class Counted:
    """Counts what comes out of a decompressor, and asserts that it was told when to stop."""

    num_bytes = 0

    def __init__(self, decompressor: Decompressor) -> None:
        self._decompressor = decompressor

    @property
    def eof(self) -> bool:
        return self._decompressor.eof

    @property
    def unused_data(self) -> bytes:
        return self._decompressor.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        assert max_length > 0, "zero means without a limit"
        unpacked = self._decompressor.decompress(data, max_length)
        Counted.num_bytes += len(unpacked)
        return unpacked


@pytest.mark.parametrize("encoding", PACKERS)
@pytest.mark.parametrize("num_frames", [1, 2])
def test_a_bomb_is_unpacked_no_further_than_the_limit(
    encoding: str, num_frames: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = DECOMPRESSORS[encoding]
    monkeypatch.setitem(DECOMPRESSORS, encoding, lambda: Counted(make()))
    monkeypatch.setattr(Counted, "num_bytes", 0)
    bomb = PACKERS[encoding](bytes(20_000_000))
    assert len(bomb) < 20_000
    first = PACKERS[encoding](bytes(100_000)) if num_frames == 2 else b""
    with pytest.raises(RequestTooLargeError):
        unpacked(first + bomb, encoding, 100_000)
    assert Counted.num_bytes == 100_001


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_body_of_very_many_frames_is_refused(encoding: str) -> None:
    """Each takes time, even when nothing comes out."""
    empty = PACKERS[encoding](b"")
    assert unpacked(empty * MAX_FRAMES, encoding, 10) == b""
    with pytest.raises(InvalidRequestError, match=f"more than {MAX_FRAMES} frames") as caught:
        unpacked(empty * 100_000, encoding, 10)
    assert caught.value.code == "invalid_encoding"


@pytest.mark.parametrize("encoding", PACKERS)
@pytest.mark.parametrize("damage", ["cut", "other", "tail", "flipped"])
def test_broken_data_is_said_to_be_broken(encoding: str, damage: str) -> None:
    packed = PACKERS[encoding](os.urandom(1000))
    bodies = {
        "cut": packed[:-3],
        "other": b'{"model": "x"}',
        "tail": packed + b"tail",
        "flipped": packed[:3] + bytes([packed[3] ^ 0xFF, packed[4] ^ 0xFF]) + packed[5:],
    }
    with pytest.raises(InvalidRequestError, match=f"not what its header 'Content-Encoding: {encoding}' says") as caught:
        unpacked(bodies[damage], encoding, 10_000)
    assert caught.value.code == "invalid_encoding"
    assert not caught.value.message.endswith("..")


@pytest.mark.parametrize("encoding", PACKERS)
@given(body=st.binary(max_size=2000))
def test_any_bytes_are_unpacked_or_refused(encoding: str, body: bytes) -> None:
    for prefix in (b"", PACKERS[encoding](b"x" * 100)[:12]):
        with suppress(InvalidRequestError, RequestTooLargeError):
            assert len(unpacked(prefix + body, encoding, 100_000)) <= 100_000


def test_a_frame_that_asks_for_a_large_window_is_refused() -> None:
    """A few bytes could make the server set aside two gigabytes."""
    packed = with_window(os.urandom(2000), 27)
    with pytest.raises(InvalidRequestError, match="too much memory"):
        unpacked(packed, "zstd", 10_000)


def test_gzip_without_its_header_is_not_gzip() -> None:
    with pytest.raises(InvalidRequestError):
        unpacked(zlib.compress(b"{}"), "gzip", 100)
