import subprocess
import sys

import pytest
from typer.testing import CliRunner

import ossian
from ossian.catalog import hub
from ossian.cli.main import USAGE_ERROR, app
from ossian.errors import CheckpointError, ConfigurationError


@pytest.fixture
def runner() -> CliRunner:
    return CliRunner()


def test_the_version(runner: CliRunner) -> None:
    result = runner.invoke(app, ["version"])
    assert (result.exit_code, result.stdout) == (0, f"{ossian.__version__}\n")


def test_without_a_command_the_commands_are_shown(runner: CliRunner) -> None:
    result = runner.invoke(app, [])
    for command in ("serve", "chat", "models", "doctor", "version"):
        assert command in result.output


@pytest.mark.parametrize(
    "error", [CheckpointError("a [b] tensor is missing"), ConfigurationError("a [b] tensor is missing")]
)
def test_an_error_on_purpose_is_one_line(runner: CliRunner, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def pull(repository: str) -> None:
        raise error

    monkeypatch.setattr(hub, "pull", pull)
    result = runner.invoke(app, ["models", "pull", "gpt-oss-20b"])
    assert result.exit_code == USAGE_ERROR
    assert result.stderr == "ossian: a [b] tensor is missing\n"
    assert result.stdout == ""


def test_an_error_of_ours_is_not_hidden(runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "pull", lambda _: 1 / 0)
    assert isinstance(runner.invoke(app, ["models", "pull", "x"]).exception, ZeroDivisionError)


def test_help_does_not_load_the_engine() -> None:
    script = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from ossian.cli.main import app\n"
        "assert CliRunner().invoke(app, ['serve', '--help']).exit_code == 0\n"
        "heavy = {'fastapi', 'numpy', 'ossian._native', 'tiktoken', 'huggingface_hub'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_the_package_is_the_command_too() -> None:
    done = subprocess.run([sys.executable, "-m", "ossian", "version"], check=True, capture_output=True, text=True)
    assert done.stdout == f"{ossian.__version__}\n"
