"""Packed weights kept on disk, so that the next start need not pack them again.

One file for each folder of a checkpoint and dense format. It is written beside the running server, under a lock and a
name of its own, and takes its place only when it is whole. What cannot be used is logged and made again; what cannot
be written is logged and forgotten: nothing here fails a start.
"""

import errno
import fcntl
import hashlib
import os
import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

import structlog

import ossian
from ossian.engine.embedded.fingerprint import samples
from ossian.engine.embedded.kernels import UInt8
from ossian.engine.embedded.packed_file import PackedFile, packed_file_bytes, read_origin, write_packed_file
from ossian.errors import PackedFileError

logger = structlog.get_logger(__name__)

FOLDER = "weights"  # in models.cache_dir
SUFFIX = ".weights"
PARTIAL_SUFFIX = ".partial"
MIN_CHECKPOINT_BYTES = 1_000_000_000  # a smaller one is packed as fast as its file is checked
WRITER_NAME = "ossian-weight-cache"  # of the thread that writes a file
MIN_FREE_BYTES = 5_000_000_000  # what a new file leaves of the disk, at least
MIN_FREE_SHARE = 0.05  # likewise


@dataclass(frozen=True, slots=True)
class CachedWeights:
    """A file of the cache, usable or not."""

    path: Path
    num_bytes: int  # on the disk
    checkpoint: Path | None  # the folder it was made from; None: it does not say


class WeightCache:
    """The file of one checkpoint. Make it before the checkpoint is opened: what changes later is not taken for what was
    packed.
    """

    def __init__(self, checkpoint: Path, cache_dir: Path, dense_format: str) -> None:
        self._checkpoint = checkpoint.resolve()
        self._origin = {
            "checkpoint": str(self._checkpoint),
            "dense_format": dense_format,
            "files": file_stamps(checkpoint),
            "ossian": ossian.__version__,
        }
        self.path = cache_dir / FOLDER / _file_name(self._checkpoint, dense_format)

    def open(self) -> PackedFile | None:
        """Return the file when it is whole and was made from these weights, else None."""
        before = time.perf_counter()
        try:
            file = PackedFile(self.path)
            self._check_origin(file.origin)
            file.verify()
        except FileNotFoundError:
            return None
        except PackedFileError as error:
            self.refuse(error)
            return None
        except OSError as error:  # of this process or this moment: the file may be whole
            logger.warning("weight_cache_not_read", path=str(self.path), reason=str(error))
            return None
        logger.info("weight_cache_used", **_figures(self.path, file.num_bytes, before))
        return file

    def refuse(self, reason: Exception) -> None:
        """Say why the file is of no use, and delete it."""
        logger.warning("weight_cache_refused", path=str(self.path), reason=str(reason), next="packing the weights anew")
        with suppress(OSError):
            self.path.unlink()

    def write_in_background(self, weights: Mapping[str, UInt8]) -> threading.Thread:
        """Start to write a new file; a process that ends meanwhile leaves the cache as it was."""
        thread = threading.Thread(target=self.write, args=(weights,), name=WRITER_NAME, daemon=True)
        thread.start()
        return thread

    def write(self, weights: Mapping[str, UInt8]) -> bool:
        """Write a new file; returns False, and logs why, when that is not possible."""
        before = time.perf_counter()
        try:
            self._write(weights)
        except BlockingIOError:
            logger.info("weight_cache_not_written", path=str(self.path), reason="another process is writing it")
            return False
        except OSError as error:
            logger.warning("weight_cache_not_written", path=str(self.path), reason=str(error))
            return False
        logger.info("weight_cache_written", **_figures(self.path, self.path.stat().st_size, before))
        _delete_orphans(self.path.parent)
        return True

    def _write(self, weights: Mapping[str, UInt8]) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if file_stamps(self._checkpoint) != self._origin["files"]:
            raise OSError(errno.ESTALE, "the checkpoint changed while it was loaded")
        partial = self.path.with_suffix(PARTIAL_SUFFIX)
        with _locked(partial) as file:  # which gives back what an unfinished one took
            try:
                _check_room(self.path.parent, packed_file_bytes(weights))
                write_packed_file(file, self._origin, weights)
                os.replace(partial, self.path)
            except BaseException:
                partial.unlink(missing_ok=True)
                raise
        _sync_folder(self.path.parent)

    def _check_origin(self, origin: Mapping[str, Any]) -> None:
        for key in ("checkpoint", "dense_format", "files"):
            if origin.get(key) != self._origin[key]:
                raise PackedFileError(f"the checkpoint's {key} changed since the file was made")


def cached_weights(cache_dir: Path) -> Iterator[CachedWeights]:
    """Yield every file of the cache, those that are being written or were given up included."""
    for path in sorted((cache_dir / FOLDER).glob("*")):
        if path.suffix in (SUFFIX, PARTIAL_SUFFIX):
            with suppress(OSError):
                yield CachedWeights(path, path.stat().st_blocks * 512, _origin_of(path))


def file_stamps(checkpoint: Path) -> list[list[str | int]]:
    """Return what changes with the weights, quickly: each file's size, times of change, and a digest of samples.

    No program can set the time of the last change of status (ctime), so whatever is written to a file, or put in its
    place, shows. The samples are for read-only images, where all times are alike.
    """
    return [_stamp(file) for file in _weight_files(checkpoint)]


def checkpoint_bytes(checkpoint: Path) -> int:
    """Return the size of a checkpoint's weights."""
    return sum(file.stat().st_size for file in _weight_files(checkpoint))


def _weight_files(checkpoint: Path) -> list[Path]:
    return sorted(file for file in checkpoint.glob("*.safetensors") if file.is_file())


def _stamp(file: Path) -> list[str | int]:
    status = file.stat()
    digest = hashlib.blake2b(samples(file), digest_size=16).hexdigest()
    return [file.name, status.st_size, status.st_mtime_ns, status.st_ctime_ns, digest]


def _file_name(checkpoint: Path, dense_format: str) -> str:
    digest = hashlib.blake2b(str(checkpoint).encode(), digest_size=8).hexdigest()
    return f"{checkpoint.name}-{dense_format}-{digest}{SUFFIX}"


def _figures(path: Path, num_bytes: int, before: float) -> dict[str, object]:
    seconds = time.perf_counter() - before
    return {"path": str(path), "gigabytes": round(num_bytes / 1e9, 2), "seconds": round(seconds, 2)}


def _check_room(folder: Path, num_bytes: int) -> None:
    usage = shutil.disk_usage(folder)
    margin = max(MIN_FREE_BYTES, int(usage.total * MIN_FREE_SHARE))
    if usage.free < num_bytes + margin:
        needed, free = (num_bytes + margin) / 1e9, usage.free / 1e9
        text = f"{needed:.1f} GB of free disk are needed, {margin / 1e9:.1f} of them to spare, and there are {free:.1f}"
        raise OSError(errno.ENOSPC, text)


@contextmanager
def _locked(path: Path) -> Iterator[FileIO]:
    """Open a file for one writer alone, empty. Raises BlockingIOError when another process writes it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "r+b", buffering=0) as file:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not _is_at(descriptor, path):  # whoever had the lock has finished, and the file is in its place
            raise BlockingIOError(errno.EAGAIN, "another process has just written it")
        file.truncate(0)
        yield file


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _origin_of(path: Path) -> Path | None:
    try:
        return Path(str(read_origin(path)["checkpoint"]))
    except (PackedFileError, OSError, KeyError):
        return None


def _is_gone(path: Path) -> bool:
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except OSError:  # it cannot be seen just now
        return False
    return False


def _delete_orphans(folder: Path) -> None:
    """Delete the files of checkpoints that are not on this machine any more."""
    for path in folder.glob(f"*{SUFFIX}"):
        checkpoint = _origin_of(path)
        if checkpoint is not None and _is_gone(checkpoint):
            logger.info("weight_cache_deleted", path=str(path), reason=f"{checkpoint} is gone")
            with suppress(OSError):
                path.unlink()
