"""Starting a server that cannot start; the ones that can are in tests/end_to_end."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ossian.cli import loading
from ossian.cli import serve as serve_command
from ossian.cli.configuration import load_settings
from ossian.cli.loading import LoadedModel
from ossian.cli.main import app
from ossian.errors import CheckpointError
from ossian.settings import Settings


def serve(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    kept = "OSSIAN_DATA_DIR"  # or the database would be the one in the home folder
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OSSIAN_") or name == kept}
    command = [sys.executable, "-m", "ossian", "serve", "--port", "0", *arguments]
    return subprocess.run(command, env=clean | environment, capture_output=True, text=True, timeout=60, check=False)


def the_error(*arguments: str, **environment: str) -> str:
    """Return the one line that says why there is no server."""
    done = serve(*arguments, **environment)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("ossian: ")
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_model_that_is_not_here(tmp_path: Path) -> None:
    said = the_error("gpt-oss-20b", HF_HUB_CACHE=str(tmp_path))
    assert "'gpt-oss-20b' is neither a folder nor a model on this machine" in said
    assert "ossian models pull openai/gpt-oss-20b" in said


def test_an_address_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert "in use" in the_error("--port", str(port))


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.1"])
def test_an_address_that_is_not_ours(host: str) -> None:
    assert host in the_error("--host", host)


def test_settings_that_are_wrong() -> None:
    assert "server.port cannot be 70000" in the_error("--port", "70000")
    assert "There is no setting 'engine.speed'" in the_error("--set", "engine.speed=9")
    assert "--set takes NAME=VALUE" in the_error("--set", "engine.num_threads")
    assert "log.level cannot be 'loud'" in the_error("--log-level", "loud")


@pytest.mark.parametrize("options, expected", [(["--no-cache"], False), ([], True)])
def test_the_cache_of_packed_weights_may_be_left_out(
    options: list[str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Settings] = []
    monkeypatch.setattr(serve_command, "run", lambda flags: started.append(load_settings(flags)))
    assert CliRunner().invoke(app, ["serve", *options]).exit_code == 0
    assert [settings.engine.weight_cache for settings in started] == [expected]


@pytest.mark.parametrize("options, expected", [(["--no-cache"], False), ([], True)])
def test_so_it_may_for_a_conversation(options: list[str], expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[Settings] = []

    def load_model(settings: Settings) -> LoadedModel:
        loaded.append(settings)
        raise CheckpointError("enough was seen")

    monkeypatch.setattr(loading, "load_model", load_model)
    assert CliRunner().invoke(app, ["chat", *options]).exit_code == 2
    assert [settings.engine.weight_cache for settings in loaded] == [expected]


def test_an_instruction_set_that_does_not_exist() -> None:
    said = the_error(OSSIAN_ISA="mmx")
    assert "OSSIAN_ISA is 'mmx'; it must be avx512, avx2 or scalar" in said


def test_an_alias_to_nothing(tmp_path: Path) -> None:
    said = the_error("--alias", "gpt-4o=gpt-5", OSSIAN_MODELS__CACHE_DIR=str(tmp_path))
    assert "models.aliases: 'gpt-4o' points to 'gpt-5', which is not served" in said
    assert "'ossian-nano'" in said


def test_a_folder_that_is_no_checkpoint(tmp_path: Path) -> None:
    assert "config.json" in the_error(str(tmp_path))
    (tmp_path / "config.json").write_text("{}")
    assert "config.json" in the_error(str(tmp_path))


def test_a_variable_that_is_no_setting_is_pointed_out() -> None:
    done = serve("nowhere-at-all", OSSIAN_PORT="9000")
    assert "OSSIAN_PORT is not a setting of Ossian and is ignored" in done.stderr


def test_a_database_that_cannot_be_opened_is_told_before_the_model_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = the_error(OSSIAN_DATA_DIR=str(tmp_path / "file" / "data"))
    assert "OSSIAN_DATA_DIR" in said
    done = serve(OSSIAN_DATABASE_URL="mysql://root:hunter2@127.0.0.1/x")
    assert "There is no support for 'mysql' databases" in done.stderr
    assert "hunter2" not in done.stderr + done.stdout
    assert "Loading" not in done.stdout
