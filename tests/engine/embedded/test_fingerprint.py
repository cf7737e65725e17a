"""The fingerprint changes with everything that may change tokens, and with nothing else."""

import shutil
from pathlib import Path

import pytest

from ossian.engine.embedded.fingerprint import fingerprint
from ossian.settings import EngineSettings
from tests.engine.embedded.checkpoints import write_checkpoint

SETTINGS = EngineSettings()


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return write_checkpoint(tmp_path / "tiny")


def test_a_copy_has_the_same(checkpoint: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(checkpoint, tmp_path / "copy")
    assert fingerprint(copy, SETTINGS) == fingerprint(checkpoint, SETTINGS)
    assert fingerprint(copy, SETTINGS).startswith("fp_")


def test_settings_that_change_no_token_do_not_change_it(checkpoint: Path) -> None:
    other = EngineSettings(max_num_seqs=3, num_threads=1, enable_prefix_cache=False)
    assert fingerprint(checkpoint, other) == fingerprint(checkpoint, SETTINGS)


@pytest.mark.parametrize(
    "settings",
    [
        EngineSettings(precision="exact"),
        EngineSettings(dense_format="bf16"),
        EngineSettings(kv_cache_dtype="int8"),
        EngineSettings(block_size=48),
    ],
)
def test_what_rounds_otherwise_changes_it(checkpoint: Path, settings: EngineSettings) -> None:
    assert fingerprint(checkpoint, settings) != fingerprint(checkpoint, SETTINGS)


def test_other_weights_of_the_same_shape_change_it(checkpoint: Path, tmp_path: Path) -> None:
    other = write_checkpoint(tmp_path / "other", seed=1)
    assert fingerprint(other, SETTINGS) != fingerprint(checkpoint, SETTINGS)


def test_another_version_of_the_library_that_masks_tokens_changes_it(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fingerprint(checkpoint, SETTINGS)
    monkeypatch.setattr("ossian.engine.embedded.fingerprint.version", lambda name: f"{name} 99")
    assert fingerprint(checkpoint, SETTINGS) != before


def test_the_configuration_changes_it(checkpoint: Path) -> None:
    before = fingerprint(checkpoint, SETTINGS)
    text = (checkpoint / "config.json").read_text()
    (checkpoint / "config.json").write_text(text.replace('"sliding_window": 128', '"sliding_window": 64'))
    assert fingerprint(checkpoint, SETTINGS) != before


def test_the_version_changes_it(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(checkpoint, SETTINGS)
    monkeypatch.setattr("ossian.__version__", "9.9.9")
    assert fingerprint(checkpoint, SETTINGS) != before
