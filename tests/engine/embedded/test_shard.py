import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.engine.embedded.shard import Shard
from ossian.errors import CheckpointError
from tests.engine.embedded.checkpoints import write_raw_safetensors, write_safetensors

A = np.arange(12, dtype=np.uint16).reshape(3, 4)
B = np.arange(5, dtype=np.uint8)


def entry(dtype: object = "BF16", shape: object = (2,), offsets: object = (0, 4)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "x.safetensors"
    write_safetensors(path, {"a": A, "b": B})
    return path


def error_of(path: Path) -> str:
    with pytest.raises(CheckpointError) as error:
        Shard(path)
    assert str(path) in str(error.value)
    return str(error.value).removeprefix(str(path))


def test_tensors_are_read_only_views_of_the_file(path: Path) -> None:
    shard = Shard(path)
    np.testing.assert_array_equal(shard.view("a"), A)
    np.testing.assert_array_equal(shard.view("b"), B)
    assert not shard.view("a").flags.owndata
    assert not shard.view("a").flags.writeable
    assert {name: e.nbytes for name, e in shard.entries.items()} == {"a": 24, "b": 5}


@pytest.mark.parametrize("give_back", [Shard.drop_pages, Shard.forget])
def test_a_view_reads_the_same_after_its_pages_were_given_back(
    path: Path, give_back: Callable[[Shard, str], None]
) -> None:
    shard = Shard(path)
    view = shard.view("a")
    before = view.copy()
    give_back(shard, "a")
    np.testing.assert_array_equal(view, before)


def test_a_tensor_at_an_odd_byte_is_copied_so_that_kernels_can_read_it(path: Path) -> None:
    write_safetensors(path, {"b": B, "a": A})
    view = Shard(path).view("a")
    assert view.flags.aligned
    np.testing.assert_array_equal(view, A)


def test_a_missing_file(tmp_path: Path) -> None:
    assert error_of(tmp_path / "absent.safetensors") == " is missing; download the checkpoint again."


def test_a_folder_in_place_of_a_file(tmp_path: Path) -> None:
    assert error_of(tmp_path) == " cannot be read: Is a directory."


def test_an_empty_file(path: Path) -> None:
    path.write_bytes(b"")
    assert error_of(path) == " is empty; download it again."


def test_every_truncation_is_noticed(path: Path) -> None:
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        error_of(path)
    path.write_bytes(content[:-1])
    assert "is truncated: expected" in error_of(path)


def test_bytes_after_the_last_tensor(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"x")
    assert "is followed by bytes that belong to no tensor" in error_of(path)


@pytest.mark.parametrize(
    "header,message",
    [
        (b"{", "a header that is not JSON"),
        (b"[]", "a header that is not a JSON object"),
        (b"\xff{}", "a header that is not JSON"),
        (b"[" * 200_000, "a header that is not JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "a header that is not JSON"),
        (b'{"a": 1, "a": 2}', "a name occurs twice"),
        ({"a": 1}, "tensor 'a': a header entry that is not an object"),
        ({"a": {}}, "tensor 'a': dtype None"),
        ({"a": entry(dtype="F4")}, "tensor 'a': dtype 'F4'"),
        ({"a": entry(dtype=[])}, "tensor 'a': dtype []"),
        ({"a": entry(shape=None)}, "tensor 'a': shape None"),
        ({"a": entry(shape=[-2])}, "tensor 'a': shape [-2]"),
        ({"a": entry(shape=[2.0])}, "tensor 'a': shape [2.0]"),
        ({"a": entry(shape=[True])}, "tensor 'a': shape [True]"),
        ({"a": entry(shape=[1] * 9)}, "tensor 'a': shape [1, 1"),
        ({"a": entry(shape=[2**60])}, "tensor 'a': shape [1152921504606846976]"),
        ({"a": entry(offsets=[0])}, "tensor 'a': data_offsets [0]"),
        ({"a": entry(offsets=[-4, 0])}, "tensor 'a': data_offsets [-4, 0]"),
        ({"a": entry(offsets={"0": 4})}, "tensor 'a': data_offsets {'0': 4}"),
        ({"a": entry(offsets=[4, 0])}, "tensor 'a': expected 4 bytes for BF16 [2], found -4"),
        ({"a": entry(offsets=[0, 3])}, "tensor 'a': expected 4 bytes for BF16 [2], found 3"),
        ({"a": entry(offsets=[1, 5])}, "tensor 'a' leaves a hole before it: expected to start at byte"),
        (
            {"a": entry(), "b": entry(offsets=[2, 6])},
            "tensor 'b' overlaps the one before it: expected to start at byte",
        ),
        ({"a": entry(), "b": entry(offsets=[4, 8])}, "is truncated: expected"),
        ({"\ud800": {}}, "tensor '\\ud800': dtype None"),
    ],
)
def test_a_damaged_header_is_one_clear_error(path: Path, header: bytes | dict[str, Any], message: str) -> None:
    header = header if isinstance(header, bytes) else json.dumps(header).encode()
    write_raw_safetensors(path, header, bytes(4))
    error = error_of(path)
    assert message in error
    assert "\n" not in error


@pytest.mark.parametrize("length", [0, 1, 2**40, 2**64 - 1])
def test_a_damaged_header_length(path: Path, length: int) -> None:
    path.write_bytes(length.to_bytes(8, "little") + path.read_bytes()[8:])
    assert "is damaged" in error_of(path)


@given(st.data())
def test_no_corruption_of_the_header_raises_anything_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "corrupt.safetensors"
    write_safetensors(path, {"a": A, "b": B, "c": A})
    content = bytearray(path.read_bytes())
    header_end = len(content) - A.nbytes * 2 - B.nbytes
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, header_end - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        shard = Shard(path)
    except CheckpointError:
        return
    for name, found in shard.entries.items():  # what still opens can be read to its last byte
        if found.dtype in ("BF16", "U8"):
            shard.view(name).sum()


@given(st.binary(max_size=200))
def test_no_file_content_raises_anything_else(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.safetensors"
    for prefix in (b"", len(content).to_bytes(8, "little")):
        path.write_bytes(prefix + content)
        error_of(path)
