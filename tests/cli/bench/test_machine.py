import subprocess
from pathlib import Path

import ossian
from ossian.cli.bench.machine import Roofs, commit, cpu_model, machine, mean_roofs, measure_roofs, versions
from ossian.engine.embedded import kernels


def test_the_machine_is_described() -> None:
    described = machine()
    assert described["cpu"]
    assert described["num_cores"] >= 1
    assert described["memory_bytes"] > 100_000_000
    assert (described["isa"], described["num_threads"]) == (kernels.isa(), kernels.num_threads())


def test_the_cpu_says_its_name(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: A CPU: fast\nprocessor\t: 1\nmodel name\t: another\n")
    assert cpu_model(cpuinfo) == "A CPU: fast"
    assert cpu_model(tmp_path / "none")


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    command = ("git", "-C", str(folder), *identity, *arguments)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_the_commit_says_whether_files_differ_from_it(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    file = tmp_path / "file"
    file.write_text("1")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "-q", "-m", "one")
    assert commit(tmp_path) == git(tmp_path, "rev-parse", "--short=12", "HEAD")
    file.write_text("2")
    assert commit(tmp_path).endswith("-dirty")


def test_outside_a_repository_there_is_no_commit(tmp_path: Path) -> None:
    assert commit(tmp_path / "missing") == "none"


def test_versions_name_what_takes_part() -> None:
    assert versions()["ossian"] == ossian.__version__
    assert set(versions()) == {"ossian", "commit", "python", "numpy"}


def test_the_roofs_are_measured() -> None:
    roofs = measure_roofs()
    assert roofs.read_bandwidth > 0
    assert roofs.int8_peak > 0


def test_the_mean_of_roofs_is_that_of_each() -> None:
    assert mean_roofs([Roofs(1.0, 10.0), Roofs(2.0, 30.0)]) == Roofs(1.5, 20.0)
