"""What the page on limits tells its reader to write and to type."""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

from ossian.accounts.limits import Limits, profile_of
from ossian.cli.main import app
from ossian.settings import Settings
from tests.databases import sqlite_url
from tests.repository import ROOT
from tests.served_process import ServedProcess, served_process

pytestmark = pytest.mark.slow

PAGE = (ROOT / "docs" / "how-to" / "limits-and-budgets.md").read_text(encoding="utf-8")
WRITTEN_URL = "http://127.0.0.1:8000"
QUESTION = {"model": "ossian-nano", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 2}


def snippet(language: str, containing: str) -> str:
    found = [each for each in re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL) if containing in each]
    assert len(found) == 1
    return str(found[0])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("limited")
    (folder / "ossian.toml").write_text(snippet("toml", "[limits]"), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def limited(folder: Path, cache_dir: Path) -> Iterator[ServedProcess]:
    """A server with the page's settings."""
    with served_process(
        OSSIAN_CONFIG=str(folder / "ossian.toml"),
        OSSIAN_DATABASE_URL=sqlite_url(folder),
        OSSIAN_MODELS__CACHE_DIR=str(cache_dir),
    ) as running:
        yield running


def test_the_settings_say_what_the_page_says(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSSIAN_CONFIG", str(folder / "ossian.toml"))
    profile = profile_of(Settings().limits)
    assert profile.project == Limits(400, 200_000, 8)
    assert profile.anonymous == Limits(3)
    variable, _, value = snippet("sh", "COUNTERS_URL").strip().partition("=")
    monkeypatch.setenv(variable, value)
    url = Settings().limits.counters_url
    assert url is not None
    assert url.get_secret_value() == value


def test_an_answer_says_what_is_left(limited: ServedProcess, folder: Path) -> None:
    command = snippet("sh", "curl").replace(WRITTEN_URL, limited.url)
    done = subprocess.run(["sh", "-ec", command], cwd=folder, capture_output=True, text=True, check=True)
    said = dict(line.split(": ", 1) for line in done.stdout.splitlines() if ": " in line)
    shown = dict(line.split(": ", 1) for line in snippet("text", "x-ratelimit").splitlines())
    assert {name: said[name] for name in list(shown)[:2]} == dict(list(shown.items())[:2])
    assert re.fullmatch(r"\d+s|1m0s", said["x-ratelimit-reset-requests"])
    assert json.loads((folder / "answer.json").read_text())["choices"]


def test_keys_with_budgets(limited: ServedProcess, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSSIAN_CONFIG", str(folder / "ossian.toml"))
    monkeypatch.setenv("OSSIAN_DATABASE_URL", sqlite_url(folder))
    outputs = [typed(line) for line in snippet("sh", "--budget").splitlines()]
    headers = {"authorization": f"Bearer {outputs[-1].strip()}"}
    answer = post(limited, headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-ratelimit-limit-tokens"] == "200000"
    assert answer.headers["x-ratelimit-limit-concurrent-requests"] == "8"
    typed("ossian keys update web --budget 0/day")
    while (refused := post(limited, headers)).status_code == 200:  # for at most a second
        pass
    assert refused.json()["error"]["code"] == "insufficient_quota"


def typed(line: str) -> str:
    result = CliRunner().invoke(app, shlex.split(line)[1:])
    assert result.exit_code == 0, result.output
    return result.stdout


def post(limited: ServedProcess, headers: dict[str, str]) -> httpx2.Response:
    return httpx2.post(
        f"{limited.base_url}/chat/completions", json=QUESTION, headers=headers, timeout=60, trust_env=False
    )
