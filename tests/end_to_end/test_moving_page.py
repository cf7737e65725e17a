"""What the page on moving from a hosted service tells its reader to type, typed, with the model that ships."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.repository import ROOT
from tests.served_process import ServedProcess, served_process

pytestmark = pytest.mark.slow

PAGE = (ROOT / "docs" / "how-to" / "move-from-a-hosted-service.md").read_text(encoding="utf-8")
WRITTEN_URL = "http://127.0.0.1:8000"


def snippets(language: str, containing: str = "") -> list[str]:
    return [each for each in re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL) if containing in each]


@dataclass(frozen=True)
class Moved:
    """A server with all settings of the page, and its environment."""

    server: ServedProcess
    environment: dict[str, str]

    def program(self, containing: str) -> str:
        (snippet,) = snippets("python", containing)
        return self._run([sys.executable, "-c", snippet.replace(WRITTEN_URL, self.server.url)])

    def shell(self, containing: str) -> str:
        (snippet,) = snippets("sh", containing)
        command = snippet.replace(WRITTEN_URL, self.server.url).replace(
            ".venv/bin/ossian", f"'{sys.executable}' -m ossian"
        )
        return self._run(["sh", "-euc", command])

    def _run(self, command: list[str]) -> str:
        variables = os.environ | self.environment
        done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=100, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def moved(cache_dir: Path, tmp_path: Path) -> Iterator[Moved]:
    settings = tmp_path / "ossian.toml"
    settings.write_text("\n".join(snippets("toml")), encoding="utf-8")
    environment = {
        "OSSIAN_CONFIG": str(settings),
        "OSSIAN_MODELS__CACHE_DIR": str(cache_dir),
        "OSSIAN_DATA_DIR": str(tmp_path),
    }
    with served_process(**environment) as running:
        yield Moved(running, environment)


def test_the_programs(moved: Moved) -> None:
    said = moved.program("reasoning_effort")
    assert re.search(r"reasoning: \S", said)
    assert "pull" in said.partition("answered:")[2]
    said = moved.program("httpx2")
    assert re.search(r"answered: \S", said)
    assert float(said.partition("credits: ")[2].split()[0]) > 0
    assert re.search(r"inference: \S", said)


def test_the_addresses_in_the_table(moved: Moved) -> None:
    listed = re.findall(rf"\| `https://\S+` \| `{WRITTEN_URL}(\S+)` \|", PAGE)
    assert len(listed) == 5
    body = {"model": "gpt-oss-20b", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 8}
    for path in listed:
        answer = httpx2.post(f"{moved.server.url}{path}/chat/completions", json=body, timeout=60, trust_env=False)
        assert answer.status_code == 200, (path, answer.text)


def test_the_keys(moved: Moved) -> None:
    made, end = json.JSONDecoder().raw_decode(said := moved.shell("--admin"))
    assert made["data"]["scopes"] == ["model:chat"]
    assert made["data"]["limit"] == {"retention": "month", "threshold": 25.0}
    assert json.loads(said[end:])["requests"] == 0
    greeting = json.loads(moved.shell("p-1234"))
    assert greeting["choices"][0]["message"]["content"]
