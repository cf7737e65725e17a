"""One file of packed weights: named runs of bytes, used where they lie once the file has proved to be whole.

Format, little-endian: a preamble (magic, version of the file and of the packing, bytes and checksum of the header), the
header in JSON {"origin": what the bytes were made from, "entries": [[name, offset, bytes, checksum], …]}, then the
bytes of each entry, which begin at multiples of 2 MiB so that the file can be mapped in huge pages. Whose file it is,
and whether it is still the right one, is weight_cache.py's knowledge.
"""

import contextlib
import json
import mmap
import os
import struct
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np

from ossian.engine.embedded import kernels
from ossian.engine.embedded.kernels import UInt8
from ossian.errors import PackedFileError

FILE_VERSION = 1  # raised when the layout of the file changes; what packing gives has a version of its own
MAGIC = b"ossianpw"
PREAMBLE = struct.Struct("<8sIIQQ")
ALIGNMENT = 2 << 20  # of entries: a huge page
MAX_HEADER_BYTES = 64 << 20
CHUNK_BYTES = 16 << 20  # written at a time: whole huge pages, so that the page cache keeps them as such
SYNC_BYTES = 256 << 20  # then the disk has to catch up: a server needs its memory for more than unwritten pages


@dataclass(frozen=True, slots=True)
class Entry:
    """Where the bytes of one weight lie."""

    name: str
    offset: int
    num_bytes: int
    checksum: int


class PackedFile:
    """A mapped file of packed weights; all but the weights themselves has been checked.

    Raises PackedFileError when the file is damaged, of another version or writable for others, and OSError when it
    cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb", buffering=0) as file:
            _check_owner(path, os.fstat(file.fileno()))
            self.num_bytes = os.fstat(file.fileno()).st_size
            self.origin, entries = _read_header(path, file, self.num_bytes)
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        with contextlib.suppress(OSError, AttributeError):  # a kernel without huge pages
            self._map.madvise(mmap.MADV_HUGEPAGE)
        self._entries = {entry.name: entry for entry in entries}

    def verify(self) -> None:
        """Read every byte, which maps it too. Raises PackedFileError with the weight that is damaged, and its place."""
        for entry in self._entries.values():
            found = kernels.checksum(self.bytes_of(entry.name))
            if found != entry.checksum:
                place = f"{entry.name}, bytes {entry.offset} to {entry.offset + entry.num_bytes}"
                raise PackedFileError(f"{place}: checksum {found:016x}, expected {entry.checksum:016x}")

    def bytes_of(self, name: str) -> UInt8:
        """Return a weight's bytes, read-only, in the mapped file. Raises PackedFileError for unknown names."""
        entry = self._entries.get(name)
        if entry is None:
            raise PackedFileError(f"the file has no {name}")
        return np.frombuffer(self._map, np.uint8, entry.num_bytes, entry.offset)


def write_packed_file(file: FileIO, origin: Mapping[str, Any], weights: Mapping[str, UInt8]) -> None:
    """Write a new file, and see that it is on the disk. Raises OSError."""
    entries = _lay_out(origin, weights)
    file.write(_head(origin, entries))
    unsynced = 0
    for entry in entries:
        file.seek(entry.offset)
        remaining = weights[entry.name].data
        while remaining:
            num_written = file.write(remaining[:CHUNK_BYTES])
            remaining = remaining[num_written:]
            unsynced += num_written
            if unsynced >= SYNC_BYTES:
                os.fdatasync(file.fileno())
                unsynced = 0
    os.fsync(file.fileno())


def read_origin(path: Path) -> dict[str, Any]:
    """Return what a file says of where it comes from. Raises PackedFileError and OSError as PackedFile does."""
    with path.open("rb", buffering=0) as file:
        return _read_header(path, file, os.fstat(file.fileno()).st_size)[0]


def packed_file_bytes(weights: Mapping[str, UInt8]) -> int:
    """Return an upper bound of the size of the file of these weights."""
    return ALIGNMENT + sum(weight.nbytes + ALIGNMENT for weight in weights.values())


def _lay_out(origin: Mapping[str, Any], weights: Mapping[str, UInt8]) -> list[Entry]:
    entries = [Entry(name, 0, weight.nbytes, kernels.checksum(weight)) for name, weight in weights.items()]
    head_bytes = len(_head(origin, entries)) + 32 * len(entries)  # offsets are longer than the zeros in their place
    placed, end = [], head_bytes
    for entry in entries:
        offset = -(-end // ALIGNMENT) * ALIGNMENT
        placed.append(Entry(entry.name, offset, entry.num_bytes, entry.checksum))
        end = offset + entry.num_bytes
    return placed


def _head(origin: Mapping[str, Any], entries: list[Entry]) -> bytes:
    header = json.dumps({"origin": origin, "entries": [astuple(entry) for entry in entries]}).encode()
    checksum = kernels.checksum(np.frombuffer(header, np.uint8))
    return PREAMBLE.pack(MAGIC, FILE_VERSION, kernels.PACK_VERSION, len(header), checksum) + header


def _check_owner(path: Path, status: os.stat_result) -> None:
    """The checksums show damage, not malice: what others could have written is not read as weights."""
    if status.st_uid not in (os.geteuid(), 0) or status.st_mode & 0o022:
        raise PackedFileError(f"{path} belongs to or may be written by another user (mode {status.st_mode & 0o777:o})")


def _read_header(path: Path, file: FileIO, file_bytes: int) -> tuple[dict[str, Any], list[Entry]]:
    preamble = file.read(PREAMBLE.size)
    if len(preamble) < PREAMBLE.size:
        raise PackedFileError(f"the file ends at byte {len(preamble)}, within its first {PREAMBLE.size}")
    magic, file_version, pack_version, header_bytes, checksum = PREAMBLE.unpack(preamble)
    if magic != MAGIC:
        raise PackedFileError(f"the file starts with {magic!r}, expected {MAGIC!r}")
    if (file_version, pack_version) != (FILE_VERSION, kernels.PACK_VERSION):
        found, expected = f"{file_version}.{pack_version}", f"{FILE_VERSION}.{kernels.PACK_VERSION}"
        raise PackedFileError(f"the file has version {found}, and this Ossian reads {expected}")
    if header_bytes > min(MAX_HEADER_BYTES, file_bytes - PREAMBLE.size):
        raise PackedFileError(f"a header of {header_bytes} bytes in a file of {file_bytes}")
    header = file.read(header_bytes)
    if len(header) != header_bytes or kernels.checksum(np.frombuffer(header, np.uint8)) != checksum:
        raise PackedFileError(f"the header, bytes {PREAMBLE.size} to {PREAMBLE.size + header_bytes}, is damaged")
    return _parse_header(path, header, file_bytes)


def _parse_header(path: Path, header: bytes, file_bytes: int) -> tuple[dict[str, Any], list[Entry]]:
    """A header whose checksum is right was written by us, or by someone who wants us to believe so."""
    try:
        parsed = json.loads(header)
        origin, entries = dict(parsed["origin"]), [Entry(*entry) for entry in parsed["entries"]]
        end = max(entry.offset + entry.num_bytes for entry in entries)
        are_placed = all(
            type(entry.offset) is type(entry.num_bytes) is int
            and entry.offset > 0
            and entry.offset % ALIGNMENT == 0
            and entry.num_bytes > 0
            for entry in entries
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise PackedFileError(f"the header of {path} is not one of packed weights ({error!r})") from None
    if not are_placed:
        raise PackedFileError("the header places weights where none can be")
    if end != file_bytes:
        raise PackedFileError(f"the file has {file_bytes} bytes, expected {end}")
    return origin, entries
