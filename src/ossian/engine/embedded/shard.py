"""One safetensors file: its header, checked, and its tensors, mapped into memory.

Format: a little-endian u64 header length, a JSON header {name: {dtype, shape, data_offsets}}, then the data, which the
tensors fill without holes. Which tensors a model needs is checkpoint.py's knowledge.
"""

import json
import math
import mmap
import os
import reprlib
import weakref
from contextlib import ExitStack
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from ossian.errors import CheckpointError

MAX_HEADER_BYTES = 100_000_000  # the limit of the safetensors library
DTYPES: dict[str, np.dtype[Any]] = {"BF16": np.dtype(np.uint16), "U8": np.dtype(np.uint8)}  # what gpt-oss is made of
ITEM_BYTES = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0"), 1),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 2),
    **dict.fromkeys(("U32", "I32", "F32"), 4),
    **dict.fromkeys(("U64", "I64", "F64"), 8),
}


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """Where one tensor lies."""

    name: str
    dtype: str  # safetensors' name
    shape: tuple[int, ...]
    start: int  # byte offsets in the file, [start, stop)
    stop: int

    @property
    def nbytes(self) -> int:
        return self.stop - self.start


class Shard:
    """A mapped safetensors file.

    Raises CheckpointError when the file is missing, truncated or damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file, self._map = _map_file(path)
        weakref.finalize(self, self._file.close)
        self.entries = _read_header(path, self._map)

    def view(self, name: str) -> NDArray[Any]:
        """A read-only view of a BF16 (as uint16) or U8 tensor; pages are read from disk when touched."""
        entry = self.entries[name]
        dtype = DTYPES[entry.dtype]
        array = np.frombuffer(self._map, dtype, entry.nbytes // dtype.itemsize, entry.start).reshape(entry.shape)
        return array if array.flags.aligned else array.copy()  # rare: writers pad their headers

    def place(self, name: str) -> tuple[int, int]:
        """The file's descriptor, open as long as this object lives, and the byte at which a tensor begins."""
        return self._file.fileno(), self.entries[name].start

    def drop_pages(self, name: str) -> None:
        """Give a tensor's resident pages back; touching the view again reads them again."""
        entry = self.entries[name]
        start = entry.start // mmap.PAGESIZE * mmap.PAGESIZE
        self._map.madvise(mmap.MADV_DONTNEED, start, entry.stop - start)

    def forget(self, name: str) -> None:
        """Give a tensor's pages back, and have the system forget what it keeps of them beside the disk."""
        self.drop_pages(name)
        entry = self.entries[name]
        os.posix_fadvise(self._file.fileno(), entry.start, entry.nbytes, os.POSIX_FADV_DONTNEED)


def _map_file(path: Path) -> tuple[FileIO, mmap.mmap]:
    try:
        with ExitStack() as opened:
            file = opened.enter_context(path.open("rb", buffering=0))
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            opened.pop_all()  # stays open
            return file, mapped
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing; download the checkpoint again.") from None
    except ValueError:  # mmap's answer to an empty file
        raise CheckpointError(f"{path} is empty; download it again.") from None
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.") from None


def _read_header(path: Path, data: mmap.mmap) -> dict[str, TensorEntry]:
    header_bytes = int.from_bytes(data[:8], "little")
    if len(data) < 8 or not 2 <= header_bytes <= min(len(data) - 8, MAX_HEADER_BYTES):
        raise _damaged(path, f"a header of {header_bytes} bytes in a file of {len(data)} bytes")
    try:
        pairs = json.loads(data[8 : 8 + header_bytes], object_pairs_hook=_unique_keys)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"a header that is not JSON ({error})") from None
    if not isinstance(pairs, dict):
        raise _damaged(path, "a header that is not a JSON object")
    data_start = 8 + header_bytes
    tensors = {name: value for name, value in pairs.items() if name != "__metadata__"}
    entries = {name: _entry(path, name, value, data_start) for name, value in tensors.items()}
    _check_layout(path, entries, data_start, len(data))
    return entries


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a name occurs twice")
    return values


def _entry(path: Path, name: str, value: Any, data_start: int) -> TensorEntry:
    if not isinstance(value, dict):
        raise _damaged(path, f"tensor {name!r}: a header entry that is not an object")
    dtype, shape, offsets = (value.get(key) for key in ("dtype", "shape", "data_offsets"))
    if not isinstance(dtype, str) or dtype not in ITEM_BYTES:
        raise _damaged(path, f"tensor {name!r}: dtype {reprlib.repr(dtype)}")
    if not _are_sizes(shape):
        raise _damaged(path, f"tensor {name!r}: shape {reprlib.repr(shape)}")
    if not _are_sizes(offsets) or len(offsets) != 2:
        raise _damaged(path, f"tensor {name!r}: data_offsets {reprlib.repr(offsets)}")
    start, stop = offsets
    num_bytes = math.prod(shape) * ITEM_BYTES[dtype]
    if stop - start != num_bytes:
        expected = f"expected {num_bytes} bytes for {dtype} {shape}"
        raise _damaged(path, f"tensor {name!r}: {expected}, found {stop - start}")
    return TensorEntry(name, dtype, tuple(shape), data_start + start, data_start + stop)


def _are_sizes(value: object) -> TypeGuard[list[int]]:
    return (
        isinstance(value, list) and len(value) <= 8 and all(type(size) is int and 0 <= size < 2**48 for size in value)
    )


def _check_layout(path: Path, entries: dict[str, TensorEntry], data_start: int, file_bytes: int) -> None:
    """Tensors fill [data_start, file_bytes) one after the other."""
    end = data_start
    for entry in sorted(entries.values(), key=lambda entry: (entry.start, entry.stop)):
        if entry.start != end:
            kind = "overlaps the one before it" if entry.start < end else "leaves a hole before it"
            raise _damaged(path, f"tensor {entry.name!r} {kind}: expected to start at byte {end}, found {entry.start}")
        end = entry.stop
    if end != file_bytes:
        kind = "truncated" if end > file_bytes else "followed by bytes that belong to no tensor"
        raise CheckpointError(f"{path} is {kind}: expected {end} bytes, found {file_bytes}; download the file again.")


def _damaged(path: Path, found: str) -> CheckpointError:
    return CheckpointError(f"{path} is damaged: found {found}; download the file again.")
