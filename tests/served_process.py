"""`ossian serve` as its users run it: a process of its own, on a free port of the loopback."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import IO

import httpx2

_URL = re.compile(rb"http://127\.0\.0\.1:\d+")


@dataclass(frozen=True)
class ServedProcess:
    """A server that is ready."""

    url: str
    process: "subprocess.Popen[bytes]"

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    def metrics(self) -> dict[str, float]:
        """The samples of /metrics, labels dropped and same names added up."""
        samples: dict[str, float] = {}
        for line in httpx2.get(f"{self.url}/metrics", trust_env=False).text.splitlines():
            if not line.startswith("#"):
                name, value = re.sub(r"\{.*\}", "", line).split()
                samples[name] = samples.get(name, 0.0) + float(value)
        return samples


@contextmanager
def served_process(*arguments: str, **environment: str) -> Iterator[ServedProcess]:
    """Run `ossian serve --port 0 …` until the block ends; it must then stop by itself, and cleanly, on SIGTERM.

    One that the block has killed has stopped already.
    """
    command = [sys.executable, "-m", "ossian", "serve", "--port", "0", *arguments]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=os.environ | environment, bufsize=0
    )
    assert process.stdout is not None
    with process.stdout as output:
        url = _wait_for_url(process, output)
        drain = Thread(target=output.read)  # or a full pipe would stop the server
        drain.start()
        try:
            yield ServedProcess(url, process)
            process.terminate()
            assert process.wait(timeout=60) in (0, -signal.SIGTERM, -signal.SIGKILL)
        finally:
            process.kill()
            process.wait()
            drain.join()


def _wait_for_url(process: "subprocess.Popen[bytes]", output: IO[bytes]) -> str:
    """The URL that the banner announces once requests are answered."""
    said = b""
    for line in output:
        said += line
        found = _URL.search(line)
        if found:
            return found.group().decode()
    raise AssertionError(f"`ossian serve` ended with {process.wait()}:\n{said.decode(errors='replace')}")
