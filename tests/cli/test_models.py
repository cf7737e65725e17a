import json
import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from ossian.catalog import hub
from ossian.catalog.hub import CachedRepository
from ossian.cli.main import app
from ossian.engine.embedded.weight_cache import WeightCache
from tests.engine.embedded.checkpoints import write_checkpoint


@pytest.fixture
def cached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[CachedRepository]:
    repositories: list[CachedRepository] = []
    monkeypatch.setattr(hub, "cached", lambda: repositories)
    monkeypatch.setenv("OSSIAN_MODELS__CACHE_DIR", str(tmp_path))
    return repositories


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["models", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_list_shows_what_could_be_fetched(cached: list[CachedRepository]) -> None:
    lines = run("list").splitlines()
    assert any(line.startswith("ossian-nano") and "ships with Ossian" in line for line in lines)
    for size in ("20b", "120b"):
        assert any(f"ossian models pull openai/gpt-oss-{size}" in line for line in lines)


def test_the_list_shows_what_is_here(cached: list[CachedRepository]) -> None:
    cached += [
        CachedRepository("openai/gpt-oss-20b", Path("/cache/20b"), 13_761_264_768, is_complete=True),
        CachedRepository("someone/tuned", Path("/cache/tuned"), 5_000_000_000, is_complete=False),
    ]
    lines = run("list").splitlines()
    assert [line.split() for line in lines if "20b" in line and "120b" not in line] == [
        ["openai/gpt-oss-20b", "13.8", "GB", "/cache/20b"]
    ]
    assert any("5.0 GB" in line and "partly here; ossian models pull someone/tuned" in line for line in lines)


@pytest.mark.usefixtures("any_disk")
def test_files_of_repacked_weights_are_listed_and_deleted(cached: list[CachedRepository], tmp_path: Path) -> None:
    assert "repacked" not in run("list")
    assert run("clear-cache") == "0 files deleted, 0.0 GB\n"
    checkpoint = write_checkpoint(tmp_path / "tiny")
    assert WeightCache(checkpoint, tmp_path, "int8").write({"lm_head": np.ones(100_000_000, np.uint8)})
    (tmp_path / "weights" / "other-int8-1.partial").write_bytes(b"unfinished")
    listed = run("list")
    assert re.search(
        rf"repacked weights, 0\.1 GB, of {checkpoint}:\n  {tmp_path}/weights/tiny-int8-.*\.weights\n", listed
    )
    assert "unfinished, or of another version:\n" in listed
    assert run("clear-cache") == "2 files deleted, 0.1 GB\n"
    assert not list((tmp_path / "weights").iterdir())


def test_pull_takes_short_names_and_says_what_to_do_next(monkeypatch: pytest.MonkeyPatch) -> None:
    pulled: list[str] = []

    def pull(repository: str) -> Path:
        pulled.append(repository)
        return Path("/cache/20b")

    monkeypatch.setattr(hub, "pull", pull)
    assert "ossian serve gpt-oss-20b" in run("pull", "gpt-oss-20b")
    assert pulled == ["openai/gpt-oss-20b"]


def test_verify_reports_every_problem(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    result = CliRunner().invoke(app, ["models", "verify", str(tmp_path)])
    assert result.exit_code == 1
    assert "model_type" in result.stdout
    assert "1 problems in 0 tensors" in result.stdout


def test_verify_needs_something_to_verify(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["models", "verify", str(tmp_path / "nothing")])
    assert (result.exit_code, result.stderr) == (
        2,
        f"ossian: There is no folder '{tmp_path}/nothing' to serve a checkpoint from.\n",
    )
