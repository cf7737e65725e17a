"""`make` on machines that lack something: one sentence says what, and how to get it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository import ROOT

INSTALL = ROOT / "requirements" / "install.sh"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A place to install into, whose name has a space."""
    path = tmp_path / "my clone"
    path.mkdir()
    return path


def install(folder: Path, step: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = ["sh", str(INSTALL), step]
    return subprocess.run(
        command, cwd=folder, env=os.environ | environment, capture_output=True, text=True, check=False
    )


def program(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def old_python(folder: Path) -> str:
    return program(folder / "python3", 'test "$1" = --version && echo Python 3.9.2; exit 1')


def test_a_python_that_is_too_old_is_named(folder: Path) -> None:
    done = install(folder, "create", PYTHON=old_python(folder))
    assert done.returncode == 1
    assert "is not a Python 3.11 or newer (Python 3.9.2)" in done.stderr


def test_without_a_new_enough_python_one_is_asked_for(folder: Path) -> None:
    old_python(folder)
    for tool in ("sh", "mkdir"):
        (folder / tool).symlink_to(shutil.which(tool) or "")
    done = install(folder, "create", PATH=str(folder), PYTHON="")
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed; this machine's python3 is Python 3.9.2" in done.stderr
    assert "make serve PYTHON=" in done.stderr


@pytest.mark.parametrize(
    "missing, said", [("ensurepip", "apt install python3-venv"), ("sysconfig", "apt install python3-dev")]
)
def test_a_python_without_its_parts_says_which_package_has_them(folder: Path, missing: str, said: str) -> None:
    python = program(folder / "python3", f'case "$2" in *{missing}*) exit 1 ;; esac; exec "{sys.executable}" "$@"')
    done = install(folder, "create", PYTHON=python)
    assert done.returncode == 1
    assert said in done.stderr


def test_the_packages_are_those_of_the_python_that_was_named(folder: Path) -> None:
    python = program(folder / "python3.12", f'case "$2" in *ensurepip*) exit 1 ;; esac; exec "{sys.executable}" "$@"')
    assert "apt install python3.12-venv" in install(folder, "create", PYTHON=python).stderr


def test_a_compiler_without_the_library_of_cpp20_is_no_cpp20_compiler(folder: Path) -> None:
    done = install(folder, "create", PYTHON=sys.executable, CXX=program(folder / "g++-10", "! grep -q wait"))
    assert done.returncode == 1
    assert "C++20 compiler is needed" in done.stderr


def test_a_missing_compiler_is_asked_for(folder: Path) -> None:
    done = install(folder, "create", PYTHON=sys.executable, CXX="no-such-compiler")
    assert done.returncode == 1
    assert "C++20 compiler is needed and 'no-such-compiler' is not one" in done.stderr
    assert "apt install g++" in done.stderr
    assert not (folder / ".venv").exists()


def test_an_environment_made_by_hand_is_kept(folder: Path) -> None:
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
    done = install(folder, "create", PYTHON="no-such-python")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_without_a_network_the_first_start_says_what_it_needs(folder: Path) -> None:
    (folder / ".venv" / "bin").mkdir(parents=True)
    program(folder / ".venv" / "bin" / "python", "echo 'Connection refused' >&2; exit 1")
    done = install(folder, "runtime")
    assert done.returncode == 1
    assert "Connection refused" in done.stderr
    assert "needs the network, or a mirror" in done.stderr


def services(folder: Path, step: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the script in a copy of the repository that has no service yet."""
    (folder / "requirements").mkdir()
    shutil.copy(ROOT / "requirements" / "services.sh", folder / "requirements")
    command = ["/bin/sh", "requirements/services.sh", step]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def tools(folder: Path, *names: str) -> str:
    """A PATH with these programs of the machine and no others."""
    path = folder / "tools"
    path.mkdir()
    for name in names:
        (path / name).symlink_to(shutil.which(name) or "")
    return str(path)


def test_a_missing_postgresql_that_may_not_be_installed_is_asked_for(folder: Path) -> None:
    path = tools(folder, "mkdir", "rm", "sort", "tail", "dirname", "cat")
    done = services(folder, "start", PATH=path, POSTGRESQL=str(folder))
    assert done.returncode == 1
    assert "PostgreSQL is not installed, and apt-get may not be used here." in done.stderr
    assert "sudo apt install postgresql" in done.stderr


def test_a_missing_redis_that_may_not_be_installed_is_asked_for(folder: Path) -> None:
    done = services(folder, "start", PATH=tools(folder, "mkdir", "rm", "dirname", "cat"), SERVICES="redis")
    assert done.returncode == 1
    assert "Redis is not installed, and apt-get may not be used here." in done.stderr
    assert "sudo apt install redis-server" in done.stderr


def test_without_services_there_is_nothing_to_tell_tests_about(folder: Path) -> None:
    done = services(folder, "environment", PATH=tools(folder, "dirname", "cat"))
    assert (done.returncode, done.stdout) == (0, "")


def test_an_unknown_step_of_the_services_is_refused(folder: Path) -> None:
    done = services(folder, "restart", PATH=tools(folder, "dirname"))
    assert done.returncode == 1
    assert "usage: requirements/services.sh start|stop|environment" in done.stderr


def test_the_suite_runs_with_the_services_and_without() -> None:
    (step,) = [step for step in dry_run("test") if " -m pytest " in step]
    assert step.startswith("env $(requirements/services.sh environment) ")
    assert "postgres" not in step
    assert "redis" not in step


def dry_run(*arguments: str) -> list[str]:
    command = ["make", "--dry-run", "--always-make", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


def test_serving_installs_no_development_packages() -> None:
    steps = dry_run("serve")
    assert any("install.sh runtime" in step for step in steps)
    assert not any("install.sh dev" in step for step in steps)


@pytest.mark.parametrize(
    "variables, expected",
    [
        ([], "serve"),
        (["HOST=::1", "PORT=9000"], "serve --host ::1 --port 9000"),
        (["MODEL=/my models/a 'b'"], "serve /my models/a 'b'"),
    ],
)
def test_variables_become_arguments_whatever_is_in_them(folder: Path, variables: list[str], expected: str) -> None:
    shutil.copy(ROOT / "Makefile", folder)
    for stamp in ("native/src", "native/bindings", ".venv/bin", "requirements"):
        (folder / stamp).mkdir(parents=True)
    for path in ("pyproject.toml", "requirements/build.txt", "requirements/runtime.txt", ".venv/created"):
        (folder / path).touch()
    for stamp in (".venv/runtime-installed", ".venv/native-built"):
        (folder / stamp).touch()
    program(folder / ".venv" / "bin" / "ossian", 'echo "$@"; for each in "$@"; do echo "[$each]"; done')
    environment = {name: value for name, value in os.environ.items() if name != "MAKEFLAGS"}
    environment |= {"HOST": "x86_64-conda-linux-gnu", "PORT": "3000", "MODEL": "car"}  # of something else
    done = subprocess.run(
        ["make", "--no-print-directory", "serve", *variables],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    first, *arguments = done.stdout.splitlines()
    assert first == expected
    assert len(arguments) == 1 + sum(2 if name.startswith(("HOST", "PORT")) else 1 for name in variables)
