"""What `make bench` makes before it measures, with programs that only say what they were asked."""

import os
import re
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
    """What is said, with a name for the file of the figures, whose name has the time."""
    kept = {name: value for name, value in os.environ.items() if name not in {"CHECKPOINT", "SHAPE", "LAYERS", "PEER"}}
    command = [str(clone / "benchmarks" / "bench.sh"), *arguments]
    done = subprocess.run(command, env={**kept, **variables}, capture_output=True, text=True, check=True)
    *said, last = re.sub(r"-\d{8}-\d{6}\.json", "-NOW.json", done.stdout).splitlines()
    assert re.fullmatch(r"All figures: \.bench/\S+-NOW\.json \(or where --json says\)", last)
    return said


def asked(*arguments: str) -> list[str]:
    return [f"[{each}]" for each in ("bench", *arguments)]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    folder = tmp_path / "my models" / "a"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"weights")
    return folder


def test_a_random_checkpoint_is_made_once(clone: Path) -> None:
    said = bench(clone)
    arguments = asked(".bench/gpt-oss-20b-random", "--json", ".bench/gpt-oss-20b-random-NOW.json")
    assert "made: -m benchmarks.random_checkpoint .bench/gpt-oss-20b-random --shape 20b" in said
    assert said[-4:] == arguments
    assert bench(clone) == arguments


def test_another_shape_is_another_checkpoint(clone: Path) -> None:
    said = bench(clone, "--only", "decode", SHAPE="120b", LAYERS="4")
    name = ".bench/gpt-oss-120b-random-4-layers"
    assert f"made: -m benchmarks.random_checkpoint {name} --shape 120b --layers 4" in said
    assert said[-6:] == asked(name, "--json", f"{name}-NOW.json", "--only", "decode")


def test_a_checkpoint_that_is_named_is_not_made(clone: Path, checkpoint: Path) -> None:
    assert bench(clone, CHECKPOINT=str(checkpoint)) == asked(str(checkpoint), "--json", ".bench/a-NOW.json")


def test_a_peer_gets_the_same_model_in_its_format_once(clone: Path, checkpoint: Path) -> None:
    variables = {"CHECKPOINT": str(checkpoint), "PEER": "llama.cpp"}
    said = bench(clone, "--quick", **variables)
    file = said[-2].strip("[]")
    assert re.fullmatch(r"\.bench/a-\d+\.gguf", file)
    assert f"made: -m benchmarks.gguf_checkpoint {checkpoint} {file}" in said
    arguments = ("--json", ".bench/a-NOW.json", "--peer", "llama.cpp", "--peer-file", file, "--quick")
    assert said[-9:] == asked(str(checkpoint), *arguments)
    assert bench(clone, "--quick", **variables) == said[-9:]


def test_other_weights_are_converted_again(clone: Path, checkpoint: Path) -> None:
    variables = {"CHECKPOINT": str(checkpoint), "PEER": "llama.cpp"}
    first = bench(clone, **variables)[-1]
    (checkpoint / "model.safetensors").write_bytes(b"other weights")
    assert bench(clone, **variables)[-1] != first
