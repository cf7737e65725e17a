"""The servers that benchmarks/gateway.py compares, each a process of its own with its log in a folder."""

import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.http_load import Target
from ossian.accounts.keys import new_secret

ROOT: Final = Path(__file__).resolve().parent.parent
LITELLM: Final = ROOT / ".venv-litellm" / "bin" / "litellm"
START_SECONDS: Final = 120

# A limit that is never reached is counted all the same.
LITELLM_CONFIG: Final = """\
model_list:
  - model_name: ossian-nano
    litellm_params:
      model: openai/ossian-nano
      api_base: http://127.0.0.1:{upstream}/v1
      api_key: none
{limits}
litellm_settings:
  num_retries: 0
general_settings:
  master_key: {key}
"""
LITELLM_LIMITS: Final = """\
      rpm: 1000000000
      tpm: 1000000000000
router_settings:
  optional_pre_call_checks: [enforce_model_rate_limits]
"""
# What its documentation advises for production, and that it asks nobody else for anything.
LITELLM_ENVIRONMENT: Final = {
    "LITELLM_MODE": "PRODUCTION",
    "LITELLM_LOG": "ERROR",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "NO_PROXY": "*",
}


class Servers:
    """A context in which all are ready: the targets by name. LiteLLM's are there when it is installed."""

    def __init__(self, folder: Path, body: bytes, redis_url: str | None) -> None:
        self._folder = folder
        self._body = body
        self._redis = [redis_url] if redis_url else []
        self._processes = ExitStack()

    def __enter__(self) -> dict[str, Target]:
        with ExitStack() as started:
            self._processes = started
            plain = self._scripted("plain")
            targets = {"plain": plain, "ossian": self._scripted("guarded", *self._redis)}
            if LITELLM.exists():
                targets["litellm"] = self._litellm("key", plain.port, "")
                targets["litellm, limits"] = self._litellm("limits", plain.port, LITELLM_LIMITS)
            self._processes = started.pop_all()
        return targets

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._processes.close()

    def _scripted(self, kind: str, *options: str) -> Target:
        folder = self._folder / kind
        folder.mkdir()
        command = [sys.executable, "-m", "benchmarks.scripted_server", str(folder), kind, *options]
        process = self._start(command, folder / "log", without_settings(), output=subprocess.PIPE)
        assert process.stdout is not None
        if not (line := process.stdout.readline()):
            raise RuntimeError(f"the server did not start:\n{(folder / 'log').read_text()[-2000:]}")
        port, *secret = line.split()
        return Target(int(port), self._body, *secret)

    def _litellm(self, kind: str, upstream: int, limits: str) -> Target:
        port, key = free_port(), new_secret()
        config = self._folder / f"litellm-{kind}.yaml"
        config.write_text(LITELLM_CONFIG.format(upstream=upstream, key=key, limits=limits))
        command = [LITELLM, "--config", config, "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"]
        self._start([str(each) for each in command], config.with_suffix(".log"), os.environ | LITELLM_ENVIRONMENT)
        wait_until_ready(f"http://127.0.0.1:{port}/health/readiness")
        return Target(port, self._body, key)

    def _start(
        self, command: list[str], log: Path, environment: dict[str, str], output: int | None = None
    ) -> "subprocess.Popen[str]":
        with log.open("w") as file:
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=output or file, stderr=file, text=True
            )
        self._processes.callback(process.wait)
        self._processes.callback(process.kill)
        return process


def without_settings() -> dict[str, str]:
    """Return the environment without anything that would configure our server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("OSSIAN_")}


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


def wait_until_ready(url: str) -> None:
    """Return when a server answers. Raises TimeoutError when it does not in time."""
    for _ in range(START_SECONDS * 5):
        try:
            with urlopen(url, timeout=5):
                return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise TimeoutError(f"{url} does not answer after {START_SECONDS} s")
