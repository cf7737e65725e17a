"""What the page on the Python client tells its reader to write, run, with the model that ships."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository import ROOT
from tests.served_process import ServedProcess, served_process

pytestmark = pytest.mark.slow

PAGE = (ROOT / "docs" / "how-to" / "use-the-python-client.md").read_text(encoding="utf-8")
WRITTEN_URL = "http://127.0.0.1:8000/v1"
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("OSSIAN_", "OPENAI_"))}


def run(server: ServedProcess, containing: str, **others: str) -> str:
    """Run the one program of the page with a text in it, as the page says: the environment names the server."""
    found = [each for each in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if containing in each]
    assert len(found) == 1
    program = str(found[0]).replace(WRITTEN_URL, server.base_url)
    environment = ENVIRONMENT | {"OSSIAN_BASE_URL": server.base_url} | others
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_one_call(server: ServedProcess) -> None:
    assert run(server, "answer = ossian.run").strip()


def test_a_stream(server: ServedProcess) -> None:
    assert run(server, "for chunk in ossian.run").strip()


def test_the_whole_client(server: ServedProcess) -> None:
    said = run(server, "asyncio.run(ask())").splitlines()
    assert "completed" in said
    assert any(re.fullmatch(r"ossian-nano \d+", line) for line in said)


def test_projects_and_keys(cache_dir: Path, tmp_path: Path) -> None:
    """On a server of its own: once there are keys, a wrong one is no longer taken for none."""
    environment = {"OSSIAN_DATA_DIR": str(tmp_path), "OSSIAN_MODELS__CACHE_DIR": str(cache_dir)}
    (command,) = re.findall(r"OSSIAN_ADMIN_KEY=\$\(ossian (.*?)\)", PAGE)
    create = [sys.executable, "-m", "ossian", *command.split()]
    made = subprocess.run(create, env=os.environ | environment, capture_output=True, text=True, check=True)
    with served_process(**environment) as server:
        said = run(server, "client.admin", OSSIAN_ADMIN_KEY=made.stdout.strip()).splitlines()
    assert said[0] == "completed"
    assert re.fullmatch(r"laptop sk-ossian-\w{6}\.\.\.", said[1])


def test_the_address_that_is_used_without_a_word_is_the_one_the_page_says() -> None:
    program = "import ossian; print(ossian.Client().base_url)"
    command = [sys.executable, "-c", program]
    said = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True).stdout
    assert said.strip() == f"{WRITTEN_URL}/"
    assert f"`{WRITTEN_URL}`" in PAGE
