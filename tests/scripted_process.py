"""Servers to be killed: as `ossian serve` makes them, but for the engine, which replays a turn.

Run as `python -m tests.scripted_process`. For each line `URL FOLDER` on its input it forks a server on a free port,
with the database at URL, and prints `PID ADDRESS` once that answers. Forking makes fifty restarts quick: the imports
are done once.
"""

import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import structlog

from ossian.harmony.encoding import load_encoding
from ossian.server import run
from ossian.server.app import create_app
from ossian.server.parts import new_id
from ossian.settings import Settings
from tests.server.serving import parts_of, scripted

TOKEN_SECONDS: Final = 0.002  # so that a kill comes in the middle of turns
LEASE_SECONDS: Final = 1


def serve(database_url: str, data_dir: str) -> None:
    """Serve until the process is killed."""
    sections: dict[str, Any] = {
        "database_url": database_url,
        "data_dir": Path(data_dir),
        "responses": {"lease_seconds": LEASE_SECONDS},
    }
    settings = Settings.model_validate({"server": {"port": 0}, **sections})
    parts = replace(parts_of(scripted(delay=TOKEN_SECONDS), settings.server, **sections), now=time.time, new_id=new_id)
    with run.bind(settings.server) as bound:
        line = f"{os.getpid()} {run.url_of(bound)}"
        run.serve(create_app(parts), settings.server, bound, announce=lambda: print(line, flush=True))


def main() -> None:
    load_encoding()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())  # its output is for what is said above
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the killed ones are not waited for
    for line in sys.stdin:
        if os.fork() == 0:
            serve(*line.split())
            os._exit(0)


if __name__ == "__main__":
    main()
