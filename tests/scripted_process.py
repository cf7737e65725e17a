"""Servers to be killed, or to work side by side: as `ossian serve` makes them, but the engine replays a turn.

Run as `python -m tests.scripted_process`. For each line on its input, a Wanted as JSON, it forks a server on a free
port and prints `PID ADDRESS` once that answers. Forking makes fifty restarts quick: the imports are done once.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import structlog

from ossian.cli.logs import configure_logs
from ossian.engine.base import EngineOutput, EngineRequest
from ossian.engine.scripted import ScriptedEngine
from ossian.harmony.encoding import load_encoding
from ossian.server import run
from ossian.server.app import create_app
from ossian.server.parts import new_id
from ossian.settings import Settings
from tests.repository import ROOT
from tests.server.serving import ANSWER, parts_of, turn_ids

TOKEN_SECONDS: Final = 0.002  # so that a kill comes in the middle of turns
LEASE_SECONDS: Final = 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """A server. `sections` are other settings by their names."""

    database_url: str
    data_dir: str
    sections: dict[str, Any] = field(default_factory=dict)
    log: str | None = None  # the file that its standard error goes to; None: it logs nothing
    gate: str | None = None  # a file without which no turn brings its first token
    now: float | None = None  # the time it goes by, in seconds since 1970, which then stands still


@dataclass
class GatedByFile(ScriptedEngine):
    """Brings no token before there is a file."""

    gate: Path | None = None

    async def _replay(self, request: EngineRequest) -> AsyncGenerator[EngineOutput]:
        while self.gate is not None and not self.gate.exists():
            await asyncio.sleep(0.01)
        async for output in super()._replay(request):
            yield output


class ScriptedProcesses:
    """The process that forks servers."""

    def __init__(self, forking: "subprocess.Popen[str]") -> None:
        self._forking = forking
        self._pids: dict[str, int] = {}

    def start(self, wanted: Wanted) -> str:
        """Start a server and return its URL."""
        assert self._forking.stdin is not None
        assert self._forking.stdout is not None
        self._forking.stdin.write(f"{json.dumps(asdict(wanted))}\n")
        self._forking.stdin.flush()
        line = self._forking.stdout.readline()
        assert line, "the server did not start"
        pid, url = line.split()
        self._pids[url] = int(pid)
        return url

    def kill(self, url: str) -> None:
        os.kill(self._pids.pop(url), signal.SIGKILL)

    def kill_all(self) -> None:
        for url in list(self._pids):
            with suppress(ProcessLookupError):
                self.kill(url)


@contextmanager
def scripted_processes() -> Iterator[ScriptedProcesses]:
    """Fork servers until the block ends, which kills them."""
    command = [sys.executable, "-m", "tests.scripted_process"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as forking:
        processes = ScriptedProcesses(forking)
        try:
            yield processes
        finally:
            processes.kill_all()
            assert forking.stdin is not None
            forking.stdin.close()
            forking.wait(timeout=60)


def serve(wanted: Wanted) -> None:
    """Serve until the process is killed."""
    sections: dict[str, Any] = {
        "database_url": wanted.database_url,
        "data_dir": Path(wanted.data_dir),
        "responses": {"lease_seconds": LEASE_SECONDS},
        **wanted.sections,
    }
    settings = Settings.model_validate({"server": {"port": 0}, **sections})
    sections.pop("server", None)
    engine = GatedByFile(turn_ids(ANSWER), delay=TOKEN_SECONDS, gate=Path(wanted.gate) if wanted.gate else None)
    parts = replace(parts_of(engine, settings.server, **sections), now=clock(wanted.now), new_id=new_id)
    log_to(wanted.log, settings)
    with run.bind(settings.server) as bound:
        line = f"{os.getpid()} {run.url_of(bound)}"
        run.serve(create_app(parts), settings.server, bound, announce=lambda: print(line, flush=True))


def clock(now: float | None) -> Callable[[], float]:
    return time.time if now is None else lambda: now


def log_to(path: str | None, settings: Settings) -> None:
    """Log as `ossian serve` does, into a file. Standard output is for what is said to whoever started this."""
    if path is None:
        structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
        return
    os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), sys.stderr.fileno())
    configure_logs(settings.log)


def main() -> None:
    load_encoding()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the killed ones are not waited for
    for line in sys.stdin:
        if os.fork() == 0:
            serve(Wanted(**json.loads(line)))
            os._exit(0)


if __name__ == "__main__":
    main()
