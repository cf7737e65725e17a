import json
import sys
from pathlib import Path
from typing import Any

import pytest

from ossian.cli.bench.cases import Decode, Prefill
from ossian.cli.bench.peer import PYTHON, RUNNERS, Peer, argument_of, check_peer, run_peer, run_rounds
from ossian.cli.bench.session import Subject
from ossian.errors import ConfigurationError, EngineError
from ossian.settings import EngineSettings
from tests.engine.embedded.checkpoints import write_checkpoint
from tests.repository import ROOT

pytestmark = pytest.mark.slow

CASES = (Prefill(16), Decode(num_tokens=4))
RUNNER = """
import json, sys
file, num_threads, *cases = sys.argv[1:]
print("noise of a library")
figures = {case: len(case) + 0.5 for case in cases}
print(json.dumps({"figures": figures, "about": {"version": "1", "arguments": sys.argv[1:]}}))
"""


@pytest.fixture
def peer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Peer:
    """A peer in a clone of its own, which answers without computing."""
    monkeypatch.chdir(tmp_path)
    for path in (PYTHON, RUNNERS["llama.cpp"]):
        path.parent.mkdir(parents=True)
    PYTHON.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    PYTHON.chmod(0o755)
    RUNNERS["llama.cpp"].write_text(RUNNER)
    (tmp_path / "model.gguf").touch()
    return Peer("llama.cpp", tmp_path / "model.gguf", num_threads=3)


def test_a_peer_is_told_its_file_its_threads_and_the_cases(peer: Peer) -> None:
    printed: Any = run_peer(peer, CASES)
    assert printed["about"]["arguments"] == [str(peer.file), "3", "prefill:16", "decode:4"]


def test_cases_have_the_names_that_runners_know() -> None:
    assert (argument_of(Prefill(512)), argument_of(Decode(num_tokens=48))) == ("prefill:512", "decode:48")


def test_both_are_measured_in_every_round(peer: Peer, tmp_path: Path) -> None:
    checkpoint = write_checkpoint(tmp_path / "tiny")
    subject = Subject(checkpoint, EngineSettings(kv_cache_bytes=4_000_000), tmp_path / "cache")
    rounds = run_rounds(peer, subject, CASES, num_rounds=2)
    assert rounds.theirs == {"prefill 16": [10.5, 10.5], "decode": [8.5, 8.5]}
    assert {name: len(values) for name, values in rounds.ours.items()} == {"prefill 16": 2, "decode": 2}
    assert rounds.about["version"] == "1"


def test_a_peer_that_fails_is_an_error(peer: Peer, capfd: pytest.CaptureFixture[str]) -> None:
    RUNNERS["llama.cpp"].write_text("raise SystemExit('no memory')")
    with pytest.raises(EngineError, match=r"llama\.cpp failed with exit code 1; what it said is above\."):
        run_peer(peer, CASES)
    assert "no memory" in capfd.readouterr().err


def test_all_that_a_peer_needs_is_looked_for_first(peer: Peer) -> None:
    check_peer(peer)
    for missing in (peer.file, RUNNERS["llama.cpp"], PYTHON):
        missing.unlink()
        with pytest.raises(ConfigurationError) as refusal:
            check_peer(peer)
        assert f"needs '{missing}'" in str(refusal.value)
        assert "`make bench PEER=llama.cpp`" in str(refusal.value)


def test_an_unknown_peer_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"--peer takes llama\.cpp; not 'vllm'\."):
        check_peer(Peer("vllm", Path("x"), 1))


def test_the_runners_are_in_the_repository() -> None:
    assert all((ROOT / runner).is_file() for runner in RUNNERS.values())


def test_what_runners_print_is_json(peer: Peer) -> None:
    assert json.loads(json.dumps(run_peer(peer, ())))["figures"] == {}
