"""What the page on keys tells its reader to type, typed into one shell, while a server runs."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ossian.cli.main import app
from tests.databases import sqlite_url
from tests.repository import ROOT
from tests.scripted_process import Wanted, scripted_processes

PAGE = (ROOT / "docs" / "how-to" / "keys-and-projects.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
WRITTEN_URL = "http://127.0.0.1:8000"
ASSIGNMENT = re.compile(r"(\w+)=\$\((.*)\)")


class Shell:
    """Runs lines of a page: `ossian` in this process, which saves it twenty starts; the rest with `sh`."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        self._folder = folder
        self._variables: dict[str, str] = {}

    def run(self, block: str) -> str:
        """What a block prints on standard output."""
        return "".join(map(self._line, block.replace("\\\n", " ").splitlines()))

    def _line(self, line: str) -> str:
        if assigned := ASSIGNMENT.fullmatch(line):
            self._variables[assigned[1]] = self._line(assigned[2]).rstrip("\n")
            return ""
        command, _, rest = line.partition(" | ")
        if command.startswith("ossian "):
            result = CliRunner().invoke(app, shlex.split(command)[1:])
            assert result.exit_code == 0, result.output
            return self._sh(rest, result.stdout) if rest else result.stdout
        return self._sh(line.replace(WRITTEN_URL, self._url), "")

    def _sh(self, line: str, given: str) -> str:
        environment = os.environ | self._variables
        command = ["sh", "-ec", line.replace("python ", f"{shlex.quote(sys.executable)} ")]
        return subprocess.run(
            command, cwd=self._folder, env=environment, input=given, stdout=subprocess.PIPE, text=True, check=True
        ).stdout


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What each block prints, and what is in the files that they write."""
    folder = tmp_path_factory.mktemp("reader")
    with scripted_processes() as processes, pytest.MonkeyPatch.context() as environment:
        environment.chdir(folder)
        environment.setenv("OSSIAN_DATABASE_URL", sqlite_url(folder))
        shell = Shell(processes.start(Wanted(sqlite_url(folder), str(folder))), folder)
        blocks = {block: shell.run(block) for block in BLOCKS}
        yield blocks | {file.name: file.read_text() for file in folder.glob("*.csv")}


def output(printed: dict[str, str], containing: str) -> str:
    (found,) = (text for block, text in printed.items() if containing in block)
    return found


def from_json(text: str) -> Any:
    return json.loads(text)


def test_a_new_key_is_accepted_at_once(printed: dict[str, str]) -> None:
    assert output(printed, "KEY=$(ossian keys create laptop)") == ""
    assert from_json(output(printed, "17*23"))["object"] == "chat.completion"


def test_projects_and_their_keys(printed: dict[str, str]) -> None:
    lines = output(printed, "projects create shop").splitlines()
    assert [line for line in lines if line.startswith("budget")] == ["budget                25 a month"]
    assert len([line for line in lines if re.fullmatch(r"sk-ossian-\w{43}", line)]) == 2


def test_limits_and_budgets(printed: dict[str, str]) -> None:
    shown = output(printed, "limits show").splitlines()
    assert "limits of *             400 requests a minute" in shown
    assert "limits of gpt-oss-120b  400 requests a minute, 2 requests at a time" in shown
    assert re.search(r"^budget +100 a month$", output(printed, "--budget 5/day"), re.MULTILINE)


def test_keys_are_listed_and_revoked(printed: dict[str, str]) -> None:
    text = output(printed, "keys list")
    assert re.search(r"laptop +default +sk-ossian-\w{6}… +active", text)
    assert [line.split()[1] for line in text.splitlines() if line.startswith("state")] == [
        "disabled",
        "active",
        "revoked",
    ]


def test_reports(printed: dict[str, str]) -> None:
    assert output(printed, "usage --by month").startswith("start ")
    assert printed["usage.csv"].startswith("start,key_id,key,requests,")
    assert printed["requests.csv"].startswith("request_id,started_at,")


def test_scripts_read_the_secret(printed: dict[str, str]) -> None:
    assert re.fullmatch(r"sk-ossian-\w{43}\n", output(printed, "keys create ci"))
    log = from_json(output(printed, "audit_logs"))
    assert log["data"][0]["type"] == "admin_api_key.created"
    assert log["data"][0]["actor"]["type"] == "session"
