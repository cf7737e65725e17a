"""What `make bench` makes before it measures, with programs that only say what they were asked."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.repository import ROOT

MAKES_THE_FILE = """#!/bin/sh
echo "made: $*"
case "$2" in
*random_checkpoint) mkdir -p "$3" && touch "$3/config.json" ;;
*gguf_checkpoint) touch "$4" ;;
esac
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    for folder in ("benchmarks", ".venv/bin", ".bench"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(ROOT / "benchmarks" / "bench.sh", tmp_path / "benchmarks")
    for name, text in {
        "python": MAKES_THE_FILE,
        "ossian": '#!/bin/sh\nfor each in "$@"; do echo "[$each]"; done\n',
    }.items():
        program = tmp_path / ".venv" / "bin" / name
        program.write_text(text)
        program.chmod(0o755)
    return tmp_path


def bench(clone: Path, *arguments: str, **variables: str) -> list[str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"CHECKPOINT", "SHAPE", "LAYERS", "PEER"}}
    command = [str(clone / "benchmarks" / "bench.sh"), *arguments]
    done = subprocess.run(command, env={**kept, **variables}, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_a_random_checkpoint_is_made_once(clone: Path) -> None:
    said = bench(clone)
    assert "made: -m benchmarks.random_checkpoint .bench/gpt-oss-20b-random --shape 20b" in said
    assert said[-2:] == ["[bench]", "[.bench/gpt-oss-20b-random]"]
    assert bench(clone) == ["[bench]", "[.bench/gpt-oss-20b-random]"]


def test_another_shape_is_another_checkpoint(clone: Path) -> None:
    said = bench(clone, "--only", "decode", SHAPE="120b", LAYERS="4")
    assert "made: -m benchmarks.random_checkpoint .bench/gpt-oss-120b-random-4-layers --shape 120b --layers 4" in said
    assert said[-4:] == ["[bench]", "[.bench/gpt-oss-120b-random-4-layers]", "[--only]", "[decode]"]


def test_a_checkpoint_that_is_named_is_not_made(clone: Path) -> None:
    assert bench(clone, CHECKPOINT="/my models/a") == ["[bench]", "[/my models/a]"]


def test_a_peer_gets_the_same_model_in_its_format_once(clone: Path) -> None:
    said = bench(clone, "--quick", CHECKPOINT="/my models/a", PEER="llama.cpp")
    assert "made: -m benchmarks.gguf_checkpoint /my models/a .bench/a.gguf" in said
    arguments = ["bench", "/my models/a", "--peer", "llama.cpp", "--peer-file", ".bench/a.gguf", "--quick"]
    assert said[-7:] == [f"[{each}]" for each in arguments]
    assert bench(clone, "--quick", CHECKPOINT="/my models/a", PEER="llama.cpp") == said[-7:]
