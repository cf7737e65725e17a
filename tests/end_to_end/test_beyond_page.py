"""What the page on serving beyond this machine tells its reader to type, typed, and what it says of the answers."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from ossian.settings import Settings
from tests.repository import ROOT
from tests.served_process import ServedProcess, served_process
from tests.server.serving import until

PAGE = (ROOT / "docs" / "how-to" / "serve-beyond-this-machine.md").read_text(encoding="utf-8")
WRITTEN_URL = "http://127.0.0.1:8000"
SERVE, *COMMANDS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
FIRST, MODELS, ROBOT, REVOKE, METRICS = COMMANDS
TABLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
CODES = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| 40[13] \| (.*?) \|", PAGE, re.MULTILINE))))


@dataclass
class Reader:
    """Somebody who types the page's commands into one shell, which keeps what they set."""

    server: ServedProcess
    environment: dict[str, str]
    variables: dict[str, str] = field(default_factory=dict)

    def type(self, commands: str) -> str:
        typed = commands.replace(WRITTEN_URL, self.server.url).replace(
            "ossian keys", f"{sys.executable} -m ossian keys"
        )
        names = re.findall(r"^([A-Z]+)=", commands, re.MULTILINE)
        told = "\n".join(f'echo "\n{name}=${name}"' for name in names)
        done = subprocess.run(
            ["sh", "-c", f"set -e\n{typed}\n{told}"],
            env=os.environ | self.environment | self.variables,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        self.variables |= dict(re.findall(rf"^({'|'.join(names)})=(.*)$", done.stdout, re.MULTILINE) if names else ())
        return done.stdout

    def get(self, path: str, key: str | None = None) -> httpx2.Response:
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        return httpx2.get(f"{self.server.url}{path}", headers=headers, trust_env=False, timeout=30)

    def code(self, path: str, key: str | None = None) -> str:
        error = self.get(path, key).json()["error"]
        assert error["code"] in CODES, "the page's table has it"
        return str(error["code"])


@pytest.fixture(scope="module")
def reader(cache_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """A server that is set as the page's first command sets it, but for what would let other machines in here."""
    assert SERVE == "ossian serve --host 0.0.0.0\n"
    folder = tmp_path_factory.mktemp("data")
    environment = {"OSSIAN_DATA_DIR": str(folder), "OSSIAN_MODELS__CACHE_DIR": str(cache_dir)}
    with served_process("--set", "access.anonymous=never", **environment) as server:
        yield Reader(server, environment)


@pytest.mark.slow
def test_the_page_from_its_beginning_to_its_end(reader: Reader) -> None:
    assert reader.code("/v1/models") == "missing_api_key"
    assert reader.code("/v1/models", "none") == "invalid_api_key"
    reader.type(FIRST)
    assert reader.variables["KEY"].startswith("sk-ossian-")
    assert '"ossian-nano"' in reader.type(MODELS)
    laptop = reader.variables["KEY"]

    reader.type(ROBOT)
    robot = reader.variables["KEY"]
    assert robot != laptop
    assert reader.get("/v1/models", robot).status_code == 200
    assert reader.code("/v1/responses/resp_1", robot) == "endpoint_not_allowed"
    assert reader.code("/metrics", robot) == "admin_key_required"
    reader.type(REVOKE)
    until(lambda: reader.get("/v1/models", robot).status_code == 401)
    assert reader.code("/v1/models", robot) == "revoked_api_key"
    assert reader.get("/v1/models", laptop).status_code == 200

    assert "ossian_http_requests_total" in reader.type(METRICS)
    assert reader.code("/v1/models", reader.variables["ADMIN"]) == "project_key_required"


@pytest.mark.parametrize("table", TABLES)
def test_the_settings_on_the_page_are_settings(table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "ossian.toml"
    file.write_text(table)
    monkeypatch.setenv("OSSIAN_CONFIG", str(file))
    for section, values in tomllib.loads(table).items():
        assert getattr(Settings(), section).model_fields_set == set(values)


def test_every_code_on_the_page_exists() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "src" / "ossian" / "accounts").glob("*.py"))
    assert len(CODES) == 11
    for code in CODES:
        assert f'"{code}"' in sources, code
