"""The client suite runs in an environment of its own, against `ossian serve` in a process of its own.

The model is ossian-nano: small, but what decoding enforces holds for it as for any. Nothing here phones home.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

collect_ignore_glob = [] if find_spec("agents") else ["test_*.py"]

ROOT = Path(__file__).parents[2]
URL = re.compile(r"http://127\.0\.0\.1:\d+")
QUIET = {"LANGSMITH_TRACING": "false", "OPENAI_AGENTS_DISABLE_TRACING": "1", "OPENAI_API_KEY": "none", "NO_PROXY": "*"}

os.environ.update(QUIET)


@pytest.fixture(scope="session")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that is ready, for OpenAI's clients."""
    command = [str(ROOT / ".venv" / "bin" / "ossian"), "serve", "--port", "0"]
    environment = os.environ | {"OSSIAN_DATA_DIR": str(tmp_path_factory.mktemp("data"))}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    assert process.stdout is not None
    found = next((found for line in process.stdout if (found := URL.search(line))), None)
    assert found, "`ossian serve` ended before it was ready"
    try:
        yield f"{found.group()}/v1"
    finally:
        process.terminate()
        process.communicate(timeout=60)
