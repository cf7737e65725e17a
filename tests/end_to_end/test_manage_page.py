"""What the page on the admin API tells its reader to type, typed: each command after the one before."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.databases import sqlite_url
from tests.repository import ROOT
from tests.scripted_process import Wanted, scripted_processes
from tests.server.serving import until

pytestmark = pytest.mark.slow

PAGE = (ROOT / "docs" / "how-to" / "manage-by-api.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```(sh|python)\n(.*?)```", re.DOTALL)
WRITTEN_URL = "http://127.0.0.1:8000"
PROGRAM = f"{sys.executable} -m ossian"


class Reader:
    """Somebody who types the page's commands into one shell, which keeps what they export."""

    def __init__(self, url: str, folder: Path, database_url: str) -> None:
        self.url = url
        self.folder = folder
        self.environment = {**os.environ, "OSSIAN_DATABASE_URL": database_url, "OSSIAN_DATA_DIR": str(folder)}
        self._blocks = iter(BLOCK.findall(PAGE))

    def next(self, containing: str) -> str:
        """Run the next block, which has a text in it, and return what it prints."""
        language, text = next(self._blocks)
        assert containing in text
        if text.startswith("export") and "…" in text:
            return ""
        if language == "python":
            return self._run([sys.executable, "-c", text])
        typed = text.replace(WRITTEN_URL, self.url).replace("ossian keys", f"{PROGRAM} keys")
        return self._run(["sh", "-c", f"set -e\n{typed}"])

    def objects(self, containing: str) -> list[dict[str, Any]]:
        """Run the next block, and return the JSON objects that it prints."""
        text, found, decoder = self.next(containing), [], json.JSONDecoder()
        while text.strip():
            value, end = decoder.raw_decode(text.lstrip())
            found.append(value)
            text = text.lstrip()[end:]
        assert all("error" not in value for value in found), found
        return found

    def exported(self, containing: str, *names: str) -> None:
        """Run the next block, and keep what it exports."""
        text = next(self._blocks)[1].replace(WRITTEN_URL, self.url).replace("ossian keys", f"{PROGRAM} keys")
        assert containing in text
        values = self._run(["sh", "-c", "\n".join([text, *(f'echo "${name}"' for name in names)])]).split()
        self.environment |= dict(zip(names, values, strict=True))

    def _run(self, command: list[str]) -> str:
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    with scripted_processes() as processes:
        url = processes.start(Wanted(sqlite_url(tmp_path), str(tmp_path)))
        yield Reader(url, tmp_path, sqlite_url(tmp_path))


def ask_a_model(reader: Reader, key: str) -> int:
    body = {"model": "ossian-nano", "messages": [{"role": "user", "content": "2+2?"}]}
    headers = {"authorization": f"Bearer {key}"}
    return httpx2.post(f"{reader.url}/v1/chat/completions", json=body, headers=headers, trust_env=False).status_code


def num_requests(reader: Reader) -> int:
    """How many requests are in the reports."""
    path = f"{reader.url}/v1/organization/usage/requests?start_time=0"
    headers = {"authorization": f"Bearer {reader.environment['OSSIAN_ADMIN_KEY']}"}
    return len(httpx2.get(path, headers=headers, trust_env=False).json()["data"])


def test_the_page_from_its_beginning_to_its_end(reader: Reader) -> None:
    reader.exported("ossian keys create --admin", "OSSIAN_ADMIN_KEY", "OSSIAN_BASE_URL")
    assert reader.environment["OSSIAN_ADMIN_KEY"].startswith("sk-ossian-admin-")

    (project,) = reader.objects('"name": "demo"')
    assert (project["limits"]["requests_per_minute"], project["budget"]["period"]) == (400, "month")
    reader.next("export PROJECT=")
    reader.environment["PROJECT"] = project["id"]
    (rate_limit,) = reader.objects("rate_limits")
    assert (rate_limit["max_requests_per_1_minute"], rate_limit["max_tokens_per_1_minute"]) == (1000, 500_000)

    (key,) = reader.objects("expires_in_seconds")
    reader.next("export KEY=")
    reader.environment["KEY"] = key["id"]
    assert ask_a_model(reader, key["value"]) == 200
    disabled, enabled = reader.objects('"enabled": false')
    assert (disabled["status"], enabled["status"]) == ("disabled", "active")
    (deleted,) = reader.objects("DELETE")
    assert deleted["deleted"] is True
    assert ask_a_model(reader, key["value"]) == 401

    until(lambda: num_requests(reader) == 1)  # it is written a moment after its end
    (usage,) = reader.objects("usage/completions")
    assert [result["model"] for bucket in usage["data"] for result in bucket["results"]] == ["ossian-nano"]
    (costs,) = reader.objects("bucket_width=1mo")
    assert [each["project_id"] for bucket in costs["data"] for each in bucket["results"]] == [project["id"]]
    reader.next("requests.csv")
    lines = (reader.folder / "requests.csv").read_text(encoding="utf-8").splitlines()
    assert (len(lines), key["id"] in lines[1]) == (2, True)

    (log,) = reader.objects("audit_logs")
    types = [event["type"] for event in log["data"]]
    assert types == [
        "api_key.deleted",
        "api_key.updated",
        "api_key.updated",
        "api_key.created",
        "rate_limit.updated",
        "project.created",
    ]
    assert reader.next("organization.projects.list()") == "demo: []\n"
