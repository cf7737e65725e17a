import os
import sys
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from ossian.cli.bench.cases import Decode, Plan, Prefill
from ossian.cli.bench.session import Subject, _session, in_new_process, peak_resident_bytes, run_session
from ossian.engine.embedded.weight_cache import cached_weights
from ossian.errors import CheckpointError, EngineError
from ossian.settings import EngineSettings
from tests.engine.embedded.checkpoints import write_checkpoint

pytestmark = pytest.mark.slow

SETTINGS = EngineSettings(kv_cache_bytes=4_000_000)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("bench") / "tiny")


def subject(checkpoint: Path) -> Subject:
    return Subject(checkpoint, SETTINGS, checkpoint.parent / "cache")


def test_a_session_measures_each_case_as_often_as_wished(checkpoint: Path) -> None:
    plan = Plan((Prefill(32), Decode(2, num_tokens=4)), repeats=2, profiles=(Prefill(48), Decode()))
    session = run_session(subject(checkpoint).changed(speculation="off"), plan)
    assert {name: len(values) for name, values in session.values.items()} == {"prefill 32": 2, "decode x2": 2}
    assert all(value > 0 for values in session.values.values() for value in values)
    assert {name: len(roofs) for name, roofs in session.roofs.items()} == {"prefill 32": 2, "decode x2": 2}
    assert all(each.read_bandwidth > 0 for roofs in session.roofs.values() for each in roofs)
    assert [each.name for each in session.profiles] == ["prefill 48", "decode"]
    assert session.load_seconds > 0
    assert session.resident_bytes > 10_000_000


def test_cases_that_do_not_fit_are_not_measured(checkpoint: Path) -> None:
    session = run_session(subject(checkpoint).changed(max_model_len=32), Plan((Prefill(32),), repeats=1))
    assert session.values == {}


def test_what_loading_raises_is_raised(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"config\.json is missing"):
        run_session(subject(tmp_path), Plan((), 1))


def test_a_process_that_is_killed_is_an_error_with_a_way_out() -> None:
    with pytest.raises(EngineError, match=r"most likely for its memory; .* engine\.kv_cache_bytes"):
        in_new_process(os.abort)


def test_a_process_whose_parent_is_killed_ends() -> None:
    measuring = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    program = f"from ossian.cli.bench.session import in_new_process; in_new_process(exec, {measuring!r})"
    with Popen([sys.executable, "-c", program], stdout=PIPE, text=True) as parent:
        assert parent.stdout
        assert int(parent.stdout.readline()) != parent.pid
        parent.kill()
        assert parent.communicate(timeout=60)[0] == ""  # the output ends when nobody is left to write it


def test_the_peak_of_the_memory_is_the_process_s_own(tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text("Name:\tpython\nVmHWM:\t   12345 kB\nVmRSS:\t    1234 kB\n")
    assert peak_resident_bytes(status) == 12345 * 1024
    before = peak_resident_bytes()
    assert 10_000_000 < before < 100_000_000_000


def test_small_checkpoints_are_packed_at_every_start(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not subject(checkpoint).has_weight_cache
    monkeypatch.setattr("ossian.cli.bench.session.MIN_CHECKPOINT_BYTES", 1)
    assert subject(checkpoint).has_weight_cache
    assert not subject(checkpoint).changed(weight_cache=False).has_weight_cache


@pytest.mark.usefixtures("any_disk")
def test_the_file_of_packed_weights_is_whole_before_anything_is_measured(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ossian.engine.registry.MIN_CHECKPOINT_BYTES", 1)
    _session(subject(checkpoint), Plan((), 1))
    assert [each.checkpoint for each in cached_weights(checkpoint.parent / "cache")] == [checkpoint.resolve()]
