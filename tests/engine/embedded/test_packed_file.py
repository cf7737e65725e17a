import json
import os
from collections.abc import Callable
from io import FileIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ossian.engine.embedded import kernels, packed_file
from ossian.engine.embedded.kernels import UInt8
from ossian.engine.embedded.packed_file import (
    ALIGNMENT,
    PREAMBLE,
    PackedFile,
    packed_file_bytes,
    read_origin,
    write_packed_file,
)
from ossian.errors import PackedFileError

ORIGIN = {"checkpoint": "/models/tiny", "files": [["a", 1]]}


def some_bytes(size: int, seed: int = 0) -> UInt8:
    return np.random.default_rng(seed).integers(0, 256, size, np.uint8)


WEIGHTS = {"first": some_bytes(1000), "one byte": some_bytes(1, 1), "last": some_bytes(ALIGNMENT + 64, 2)}


def write(path: Path, weights: dict[str, UInt8] = WEIGHTS) -> Path:
    with path.open("wb", buffering=0) as file:
        write_packed_file(file, ORIGIN, weights)
    path.chmod(0o600)
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("packed") / "whole")


def read_all(path: Path) -> dict[str, bytes]:
    file = PackedFile(path)
    file.verify()
    return {name: file.bytes_of(name).tobytes() for name in WEIGHTS}


def changed(whole: Path, change: Callable[[FileIO], object]) -> Path:
    """A copy, holes and all, after `change`."""
    copy = whole.with_name("changed")
    write(copy)
    with copy.open("r+b", buffering=0) as file:
        change(file)
    return copy


def with_header(whole: Path, header: object) -> Path:
    """A copy with another header, whose checksum is right."""
    content = header if isinstance(header, bytes) else json.dumps(header).encode()
    checksum = kernels.checksum(np.frombuffer(content, np.uint8))
    versions = (packed_file.FILE_VERSION, kernels.PACK_VERSION)
    return changed(
        whole, lambda file: file.write(PREAMBLE.pack(packed_file.MAGIC, *versions, len(content), checksum) + content)
    )


def test_what_was_written_is_read(whole: Path) -> None:
    assert read_all(whole) == {name: weight.tobytes() for name, weight in WEIGHTS.items()}
    assert PackedFile(whole).origin == read_origin(whole) == ORIGIN
    assert PackedFile(whole).num_bytes == whole.stat().st_size <= packed_file_bytes(WEIGHTS)


def test_weights_are_views_that_nobody_can_write(whole: Path) -> None:
    view = PackedFile(whole).bytes_of("last")
    assert not view.flags.owndata
    assert not view.flags.writeable
    assert view.ctypes.data % 4096 == 0
    assert view.tobytes() == WEIGHTS["last"].tobytes()  # the file object is gone, its mapping is not


def test_a_file_in_use_may_be_deleted(tmp_path: Path) -> None:
    file = PackedFile(write(tmp_path / "file"))
    file.path.unlink()
    file.verify()


def test_there_are_only_the_weights_that_there_are(whole: Path) -> None:
    with pytest.raises(PackedFileError, match="the file has no second"):
        PackedFile(whole).bytes_of("second")


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_changed_byte_goes_unseen(whole: Path, data: st.DataObject) -> None:
    """Wherever it is, but in the holes between weights, which nobody reads."""
    file = PackedFile(whole)
    head = PREAMBLE.size + int.from_bytes(whole.read_bytes()[16:24], "little")
    places = [(0, head), *((each.offset, each.offset + each.num_bytes) for each in file._entries.values())]
    start, stop = data.draw(st.sampled_from(places))
    place = data.draw(st.integers(start, stop - 1))
    flip = data.draw(st.integers(1, 255))

    def change(file: FileIO) -> None:
        byte = os.pread(file.fileno(), 1, place)[0]
        os.pwrite(file.fileno(), bytes([byte ^ flip]), place)

    with pytest.raises(PackedFileError):
        read_all(changed(whole, change))


@given(st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_truncated_or_longer_file_is_read(whole: Path, data: st.DataObject) -> None:
    size = whole.stat().st_size
    new_size = data.draw(st.integers(0, size + 5000).filter(lambda new: new != size))
    with pytest.raises(PackedFileError, match=r"bytes|byte|header"):
        PackedFile(changed(whole, lambda file: file.truncate(new_size)))


def test_damage_is_told_with_its_place(whole: Path) -> None:
    place = PackedFile(whole)._entries["last"].offset + 1_000_000
    path = changed(whole, lambda file: os.pwrite(file.fileno(), b"\x00\x01\x02", place))
    with pytest.raises(PackedFileError, match=rf"^last, bytes {place - 1_000_000} to \d+: checksum .*, expected "):
        PackedFile(path).verify()


@pytest.mark.parametrize("name", ["FILE_VERSION", "PACK_VERSION"])
def test_another_version_is_refused(whole: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = packed_file if name == "FILE_VERSION" else kernels
    monkeypatch.setattr(module, name, 77)
    with pytest.raises(PackedFileError, match=r"the file has version \d+\.\d+, and this Ossian reads .*77"):
        PackedFile(whole)


def test_another_kind_of_file_is_refused(whole: Path) -> None:
    with pytest.raises(PackedFileError, match=r"the file starts with b'PK"):
        PackedFile(changed(whole, lambda file: file.write(b"PK\x03\x04....")))


@pytest.mark.parametrize(
    "entries",
    [
        [["first", 0, 1000, 1]],
        [["first", ALIGNMENT + 64, 1000, 1]],
        [["first", -ALIGNMENT, 1000, 1]],
        [["first", ALIGNMENT, 0, 1]],
        [["first", ALIGNMENT, 2**62, 1]],
        [["first", float(ALIGNMENT), 1000, 1]],
        [["first", "x", "y", 1]],
        [["first"]],
        [7],
        [],
        {},
        None,
    ],
    ids=str,
)
def test_a_header_that_lies_is_refused(whole: Path, entries: object) -> None:
    with pytest.raises(PackedFileError):
        PackedFile(with_header(whole, {"origin": {}, "entries": entries}))


@pytest.mark.parametrize("header", [b"", b"[]", b"\xff", b"[" * 100_000, b'{"entries": []}'], ids=lambda h: str(h[:9]))
def test_a_header_that_is_none_is_refused(whole: Path, header: bytes) -> None:
    with pytest.raises(PackedFileError):
        PackedFile(with_header(whole, header))


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_refused(tmp_path: Path, mode: int) -> None:
    path = write(tmp_path / "file")
    path.chmod(mode)
    with pytest.raises(PackedFileError, match="may be written by another user"):
        PackedFile(path)


def test_a_file_of_another_user_is_refused(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert whole.stat().st_uid == os.geteuid()
    others = os.stat_result([*whole.stat()[:4], 12_345, *whole.stat()[5:]])
    monkeypatch.setattr(os, "fstat", lambda _: others)
    with pytest.raises(PackedFileError, match="belongs to"):
        PackedFile(whole)


def test_a_file_that_is_missing_or_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        PackedFile(tmp_path / "missing")
    with pytest.raises(IsADirectoryError):
        PackedFile(tmp_path)
