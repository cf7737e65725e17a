"""The whole command, on a model small enough."""

import json
from pathlib import Path
from typing import Any

import pytest

from ossian.cli.bench.report import SCHEMA
from ossian.engine.embedded import kernels
from ossian.settings import EngineSettings
from tests.cli.conftest import Commands
from tests.engine.embedded.checkpoints import write_checkpoint

pytestmark = pytest.mark.slow

TINY = ("--set", "engine.kv_cache_bytes=8000000")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("bench") / "tiny")


def test_a_quick_run_shows_and_writes_every_figure(ossian: Commands, checkpoint: Path, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    shown = ossian.run("bench", str(checkpoint), "--quick", "--json", str(file), *TINY)
    report: dict[str, Any] = json.loads(file.read_text())
    assert set(report) == {
        *("schema", "machine", "versions", "checkpoint", "settings", "repeats", "roofs", "rows", "peers")
    }
    assert report["schema"] == SCHEMA
    assert report["machine"]["isa"] == kernels.isa()
    assert report["checkpoint"] == {
        "name": "tiny",
        "num_hidden_layers": 2,
        "num_local_experts": 8,
        "hidden_size": 64,
    }
    assert report["settings"] == EngineSettings(kv_cache_bytes=8_000_000).model_dump(mode="json")
    assert report["repeats"] == 1
    assert "settings: kv_cache_bytes 8000000\n" in shown
    assert len(report["roofs"]) >= 2
    rows = {row["name"]: row for row in report["rows"]}
    for name in (
        "prefill 128",
        "prefill 128 at 256",
        "decode",
        "decode x4",
        "decode at 256",
        "first token, turn after a turn",
        "copied text",
        "copied text, speculation",
        "load",
        "resident",
        "profile decode, Python",
    ):
        assert len(rows[name]["values"]) == 1
        assert rows[name]["median"] == rows[name]["values"][0] > 0
        assert f"\n{name} " in shown
    assert "tiny on " in shown
    assert shown.count("read bandwidth") >= 2


def test_sections_and_repeats_can_be_chosen(ossian: Commands, checkpoint: Path, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    ossian.run("bench", str(checkpoint), "--quick", "--only", "prefill", "--repeats", "2", "--json", str(file), *TINY)
    rows = json.loads(file.read_text())["rows"]
    assert [row["name"] for row in rows] == ["prefill 128", "prefill 128 at 256", "load", "resident"]
    assert [len(row["values"]) for row in rows] == [2, 2, 1, 1]


@pytest.mark.parametrize(
    "arguments, refusal",
    [
        (
            ["--only", "speed"],
            "--only takes load, prefill, decode, turns, speculation, profile, peer, with",
        ),
        (["--json", "missing/figures.json"], "--json missing/figures.json cannot be written: No such file"),
        (["--only", "peer"], "--only peer needs a --peer."),
        (["--peer", "llama.cpp"], "--peer needs --peer-file as well"),
        (["--peer", "vllm", "--peer-file", "x"], "--peer takes llama.cpp; not 'vllm'."),
        (["--set", "engine.num_threads=-1"], "The setting engine.num_threads cannot be '-1'"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_measured(
    ossian: Commands, checkpoint: Path, arguments: list[str], refusal: str
) -> None:
    assert refusal in ossian.refusal("bench", str(checkpoint), *arguments)


def test_a_folder_without_a_model_is_refused(ossian: Commands, tmp_path: Path) -> None:
    assert "holds no config.json" in ossian.refusal("bench", str(tmp_path))
