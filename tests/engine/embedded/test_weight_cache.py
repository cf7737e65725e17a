import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from ossian.engine.embedded import kernels, packed_file, weight_cache
from ossian.engine.embedded.checkpoint import Checkpoint
from ossian.engine.embedded.packed_file import ALIGNMENT, PackedFile
from ossian.engine.embedded.weight_cache import WRITER_NAME, WeightCache, cached_weights
from ossian.engine.embedded.weights import ModelWeights, load_weights
from ossian.errors import ConfigurationError
from tests.engine.embedded.checkpoints import random_tensors, random_token_ids, tiny_config, write_checkpoint
from tests.engine.embedded.model_run import ModelRun

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.usefixtures("any_disk")
DenseFormat = Literal["int8", "bf16"]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return write_checkpoint(tmp_path / "tiny", num_shards=2)


def cache_of(checkpoint: Path, dense_format: DenseFormat = "int8") -> WeightCache:
    return WeightCache(checkpoint, checkpoint.parent / "cache", dense_format)


def load(checkpoint: Path, dense_format: DenseFormat = "int8") -> tuple[ModelWeights, list[EventDict]]:
    """Load through the cache, wait until it is written, and return what was logged as well."""
    with capture_logs() as logs:
        weights = load_weights(Checkpoint(checkpoint), dense_format, cache_of(checkpoint, dense_format))
        wait_for_writers()
    return weights, logs


def wait_for_writers() -> None:
    for thread in threading.enumerate():
        if thread.name == WRITER_NAME:
            thread.join(timeout=60)
            assert not thread.is_alive()


def events(logs: list[EventDict]) -> list[str]:
    return [each["event"] for each in logs]


def packed(weights: ModelWeights) -> Iterator[bytes]:
    for layer in weights.layers:
        for weight in (layer.attention.qkv_proj, layer.attention.o_proj, layer.moe.experts):
            yield weight.packed.tobytes()
    yield weights.lm_head.packed.tobytes()


def is_mapped(weights: ModelWeights) -> bool:
    """Whether the experts lie in a file of the cache."""
    address = weights.layers[0].moe.experts.packed.ctypes.data
    for line in Path("/proc/self/maps").read_text().splitlines():
        start, stop = (int(each, 16) for each in line.split()[0].split("-"))
        if start <= address < stop:
            return line.endswith((".weights", ".weights (deleted)"))
    raise AssertionError("the weights are nowhere")


@pytest.mark.parametrize("dense_format", ["int8", "bf16"])
def test_a_second_load_takes_the_same_weights_from_the_file(checkpoint: Path, dense_format: DenseFormat) -> None:
    first, first_logs = load(checkpoint, dense_format)
    second, second_logs = load(checkpoint, dense_format)
    assert events(first_logs) == ["weight_cache_written"]
    assert events(second_logs) == ["weight_cache_used"]
    assert not is_mapped(first)
    assert is_mapped(second)
    assert list(packed(first)) == list(packed(second))
    assert first.nbytes == second.nbytes == sum(map(len, packed(first)))


@pytest.mark.parametrize("precision", ["default", "exact"])
def test_logits_are_the_same_bit_for_bit(checkpoint: Path, precision: str) -> None:
    cache = cache_of(checkpoint, "bf16" if precision == "exact" else "int8")
    tokens = random_token_ids(70, 512)
    without = ModelRun(checkpoint, precision=precision).whole(tokens)
    ModelRun(checkpoint, cache=cache, precision=precision)
    wait_for_writers()
    with capture_logs() as logs:
        mapped = ModelRun(checkpoint, cache=cache, precision=precision)
    assert events(logs) == ["weight_cache_used"]
    np.testing.assert_array_equal(mapped.whole(tokens), without)


def test_what_was_written_and_used_is_said_with_size_and_place(checkpoint: Path) -> None:
    (written,) = load(checkpoint)[1]
    (used,) = load(checkpoint)[1]
    for entry in (written, used):
        assert entry["path"] == str(cache_of(checkpoint).path)
        assert entry["gigabytes"] == round(Path(entry["path"]).stat().st_size / 1e9, 2)
        assert entry["seconds"] >= 0


def test_weights_that_memory_cannot_hold_are_not_taken_from_the_file(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(checkpoint)
    wait_for_writers()
    monkeypatch.setattr("ossian.engine.embedded.weights.free_memory", lambda: 1_000)
    with pytest.raises(ConfigurationError, match=r"The weights of .* take .* GB of memory"):
        load(checkpoint)


def test_formats_and_folders_have_files_of_their_own(checkpoint: Path) -> None:
    copy = checkpoint.with_name("copy")
    shutil.copytree(checkpoint, copy)
    for _, logs in (load(checkpoint, "int8"), load(checkpoint, "bf16"), load(copy, "int8")):
        assert events(logs) == ["weight_cache_written"]
    assert len(list(cached_weights(checkpoint.parent / "cache"))) == 3
    assert events(load(checkpoint)[1]) == ["weight_cache_used"]


def test_a_link_to_a_checkpoint_has_its_file(checkpoint: Path) -> None:
    load(checkpoint)
    checkpoint.with_name("link").symlink_to(checkpoint)
    assert events(load(checkpoint.with_name("link"))[1]) == ["weight_cache_used"]


def damage_byte(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(ALIGNMENT + 100)
        byte = file.read(1)[0]
        file.seek(ALIGNMENT + 100)
        file.write(bytes([byte ^ 1]))


def make_foreign(path: Path) -> None:
    path.write_bytes(b"something else")


def cut_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def make_empty(path: Path) -> None:
    os.truncate(path, 0)


@pytest.mark.parametrize("harm", [damage_byte, make_foreign, cut_short, make_empty])
def test_a_file_of_no_use_is_told_and_made_again(checkpoint: Path, harm: object) -> None:
    assert callable(harm)
    first, _ = load(checkpoint)
    harm(cache_of(checkpoint).path)
    again, logs = load(checkpoint)
    assert events(logs) == ["weight_cache_refused", "weight_cache_written"]
    assert logs[0]["log_level"] == "warning"
    assert logs[0]["path"] == str(cache_of(checkpoint).path)
    assert logs[0]["reason"]
    assert list(packed(again)) == list(packed(first))
    assert events(load(checkpoint)[1]) == ["weight_cache_used"]


def test_another_version_is_made_again(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(checkpoint)
    monkeypatch.setattr(kernels, "PACK_VERSION", kernels.PACK_VERSION + 1)
    assert events(load(checkpoint)[1]) == ["weight_cache_refused", "weight_cache_written"]
    assert events(load(checkpoint)[1]) == ["weight_cache_used"]


def test_a_file_that_has_not_every_weight_is_made_again(checkpoint: Path) -> None:
    cache = cache_of(checkpoint)
    cache.write({"lm_head": np.zeros(64, np.uint8)})  # by a program with a mistake: the file itself is right
    assert events(load(checkpoint)[1]) == ["weight_cache_used", "weight_cache_refused", "weight_cache_written"]


def test_weights_of_other_sizes_are_made_again(checkpoint: Path) -> None:
    weights, _ = load(checkpoint)
    names = PackedFile(cache_of(checkpoint).path)._entries
    cache_of(checkpoint).write(dict.fromkeys(names, weights.lm_head.packed))
    _, logs = load(checkpoint)
    assert events(logs) == ["weight_cache_used", "weight_cache_refused", "weight_cache_written"]
    assert "packed has" in logs[1]["reason"]


def weights_file(checkpoint: Path) -> Path:
    return checkpoint / "model-00001-of-00002.safetensors"


def keep_times(path: Path, before: os.stat_result) -> None:
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_change_in_place_is_seen_though_size_and_time_are_the_same(checkpoint: Path) -> None:
    load(checkpoint)
    file = weights_file(checkpoint)
    before, content = file.stat(), bytearray(file.read_bytes())
    content[-200] ^= 1
    file.write_bytes(content)
    keep_times(file, before)
    changed, logs = load(checkpoint)
    assert events(logs) == ["weight_cache_refused", "weight_cache_written"]
    assert "files changed since" in logs[0]["reason"]
    assert list(packed(changed)) == list(packed(load_weights(Checkpoint(checkpoint), "int8")))


def test_other_weights_in_the_same_place_are_seen(checkpoint: Path) -> None:
    load(checkpoint)
    before = weights_file(checkpoint).stat()
    write_checkpoint(checkpoint, tensors=random_tensors(tiny_config(), seed=5), num_shards=2)
    keep_times(weights_file(checkpoint), before)
    other, logs = load(checkpoint)
    assert events(logs) == ["weight_cache_refused", "weight_cache_written"]
    assert list(packed(other)) == list(packed(load_weights(Checkpoint(checkpoint), "int8")))


def test_samples_show_other_weights_where_times_say_nothing(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in images whose files all have the same times."""
    monkeypatch.setattr(weight_cache, "_stamp", lambda file: [each for each in stamp(file) if type(each) is str])
    load(checkpoint)
    write_checkpoint(checkpoint, tensors=random_tensors(tiny_config(), seed=5), num_shards=2)
    assert events(load(checkpoint)[1]) == ["weight_cache_refused", "weight_cache_written"]


stamp = weight_cache._stamp


def test_a_checkpoint_that_changes_while_it_is_loaded_is_not_kept(checkpoint: Path) -> None:
    cache = cache_of(checkpoint)
    os.utime(weights_file(checkpoint))
    with capture_logs() as logs:
        load_weights(Checkpoint(checkpoint), "int8", cache)
        wait_for_writers()
    assert events(logs) == ["weight_cache_not_written"]
    assert "changed while it was loaded" in logs[0]["reason"]
    assert not cache.path.exists()


def test_a_folder_that_cannot_be_made_is_a_warning(checkpoint: Path) -> None:
    (checkpoint.parent / "cache").write_text("a file")
    weights, logs = load(checkpoint)
    assert events(logs)[-1] == "weight_cache_not_written"
    assert {each["log_level"] for each in logs} == {"warning"}
    assert weights.nbytes > 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_a_warning(checkpoint: Path) -> None:
    folder = cache_of(checkpoint).path.parent
    folder.mkdir(parents=True)
    folder.chmod(0o500)
    assert events(load(checkpoint)[1]) == ["weight_cache_not_written"]


def test_a_disk_that_is_nearly_full_is_left_alone(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(checkpoint)._replace(total=10**12, free=50 * 10**9)
    monkeypatch.setattr(weight_cache, "MIN_FREE_SHARE", 0.05)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    _, logs = load(checkpoint)
    assert events(logs) == ["weight_cache_not_written"]
    assert "50.0 GB of free disk are needed, 50.0 of them to spare, and there are 50.0" in logs[0]["reason"]
    assert not list(cached_weights(checkpoint.parent / "cache"))


def test_what_an_unfinished_file_took_is_room_for_the_next(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    partial = cache_of(checkpoint).path.with_suffix(weight_cache.PARTIAL_SUFFIX)
    partial.parent.mkdir(parents=True)
    partial.write_bytes(bytes(1_000_000))
    usage = shutil.disk_usage(checkpoint)

    def disk_usage(_: Path) -> object:
        """A disk on which that file has taken all."""
        return usage._replace(total=10**9, free=10**9 if partial.stat().st_size == 0 else 0)

    monkeypatch.setattr(shutil, "disk_usage", disk_usage)
    assert events(load(checkpoint)[1]) == ["weight_cache_written"]


def test_a_file_that_cannot_be_opened_just_now_stays(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(checkpoint)
    path = cache_of(checkpoint).path
    number = path.stat().st_ino

    def too_many(_: Path) -> PackedFile:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(weight_cache, "PackedFile", too_many)
    with capture_logs() as logs:
        assert cache_of(checkpoint).open() is None
    assert events(logs) == ["weight_cache_not_read"]
    assert path.stat().st_ino == number


def test_a_disk_that_fills_up_leaves_nothing(checkpoint: Path) -> None:
    """A limit on the size of files stands for the full disk: the system refuses in the middle of the writing."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3 * ALIGNMENT, limits[1]))
    try:
        _, logs = load(checkpoint)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert events(logs) == ["weight_cache_not_written"]
    assert "File too large" in logs[0]["reason"]
    assert not list(cached_weights(checkpoint.parent / "cache"))
    assert events(load(checkpoint)[1]) == ["weight_cache_written"]


def test_two_writers_leave_one_whole_file(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second comes while the first writes, and leaves the file to it."""
    write = packed_file.write_packed_file
    is_writing, may_go_on = threading.Event(), threading.Event()

    def slow(*arguments: object) -> None:
        is_writing.set()
        assert may_go_on.wait(60)
        write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(weight_cache, "write_packed_file", slow)
    with capture_logs() as logs:
        load_weights(Checkpoint(checkpoint), "int8", cache_of(checkpoint))
        assert is_writing.wait(60)
        monkeypatch.setattr(weight_cache, "write_packed_file", write)
        second = load_weights(Checkpoint(checkpoint), "int8", cache_of(checkpoint))
        (other,) = [each for each in logs_after(logs, 1) if each["event"] == "weight_cache_not_written"]
        may_go_on.set()
        wait_for_writers()
    assert other["reason"] == "another process is writing it"
    assert other["log_level"] == "info"
    assert events(logs)[-1] == "weight_cache_written"
    assert list(packed(load(checkpoint)[0])) == list(packed(second))


def logs_after(logs: list[EventDict], num_events: int) -> list[EventDict]:
    """What was logged, once there are so many events."""
    deadline = time.monotonic() + 60
    while len(logs) < num_events and time.monotonic() < deadline:
        time.sleep(0.01)
    return logs


ANY_DISK = """
from ossian.engine.embedded import weight_cache
weight_cache.MIN_FREE_BYTES = weight_cache.MIN_FREE_SHARE = 0
"""
LOADER = """
import sys
from pathlib import Path
from tests.engine.embedded.test_weight_cache import load, packed
import hashlib
weights, logs = load(Path(sys.argv[1]))
print(hashlib.sha256(b"".join(packed(weights))).hexdigest(), *(each["event"] for each in logs))
"""


def start_loader(checkpoint: Path, code: str = LOADER) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", ANY_DISK + code, str(checkpoint)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_processes_that_load_at_once_all_serve_and_one_writes(checkpoint: Path) -> None:
    loaders = [start_loader(checkpoint) for _ in range(4)]
    said = [loader.communicate(timeout=120)[0].split() for loader in loaders]
    assert {loader.returncode for loader in loaders} == {0}
    assert len({digest for digest, *_ in said}) == 1
    assert {event for _, *others in said for event in others} <= {
        "weight_cache_written",
        "weight_cache_not_written",
        "weight_cache_used",
    }
    assert events(load(checkpoint)[1]) == ["weight_cache_used"]
    assert len(list(cached_weights(checkpoint.parent / "cache"))) == 1


KILLED = """
import os, signal, sys
from pathlib import Path
from ossian.engine.embedded import packed_file
packed_file.os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)  # all is written, nothing is in its place
from tests.engine.embedded.test_weight_cache import load
load(Path(sys.argv[1]))
"""


def test_a_process_killed_while_it_writes_leaves_what_the_next_writes_over(checkpoint: Path) -> None:
    killed = start_loader(checkpoint, KILLED)
    killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL
    (left,) = cached_weights(checkpoint.parent / "cache")
    assert left.path.suffix == ".partial"
    assert events(load(checkpoint)[1]) == ["weight_cache_written"]
    (now,) = cached_weights(checkpoint.parent / "cache")
    assert now.path == cache_of(checkpoint).path
    assert events(load(checkpoint)[1]) == ["weight_cache_used"]


def test_the_cache_tells_what_it_holds(checkpoint: Path) -> None:
    assert list(cached_weights(checkpoint.parent / "nowhere")) == []
    load(checkpoint)
    folder = cache_of(checkpoint).path.parent
    (folder / "x-int8-0.weights").write_bytes(b"damaged")
    (folder / "notes.txt").write_text("not ours")
    tiny, damaged = cached_weights(checkpoint.parent / "cache")
    assert (tiny.checkpoint, tiny.path) == (checkpoint, cache_of(checkpoint).path)
    assert 0 < tiny.num_bytes < tiny.path.stat().st_size  # the holes take no room
    assert (damaged.checkpoint, damaged.path.name) == (None, "x-int8-0.weights")


def test_files_of_checkpoints_that_are_gone_are_deleted_when_one_is_written(checkpoint: Path) -> None:
    gone = checkpoint.with_name("gone")
    shutil.copytree(checkpoint, gone)
    load(gone)
    shutil.rmtree(gone)
    _, logs = load(checkpoint)
    assert events(logs) == ["weight_cache_written", "weight_cache_deleted"]
    assert [each.checkpoint for each in cached_weights(checkpoint.parent / "cache")] == [checkpoint]


def test_only_the_owner_may_read_the_folder_and_the_file(checkpoint: Path) -> None:
    load(checkpoint)
    path = cache_of(checkpoint).path
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o600
