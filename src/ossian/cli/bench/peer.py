"""Other people's engines, measured beside ours: each round loads one, measures it and ends it, then the other.

A peer's runner is a script in the clone's benchmarks/, run by an environment of its own, which `make bench` installs.
It gets the model's file, the number of threads and the cases, and prints one JSON object.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ossian.cli.bench.cases import Decode, Plan, Prefill
from ossian.cli.bench.session import Subject, run_session
from ossian.errors import ConfigurationError, EngineError

PYTHON: Final = Path(".venv-peers/bin/python")
RUNNERS: Final = {"llama.cpp": Path("benchmarks/llama_cpp_peer.py")}


@dataclass(frozen=True, slots=True)
class Peer:
    """An engine that can be run. `file` is the model in its own format."""

    name: str
    file: Path
    num_threads: int


@dataclass(slots=True)
class Rounds:
    """Both engines' values of each case by its name, one a round, and what the peer says of itself."""

    ours: dict[str, list[float]] = field(default_factory=dict)
    theirs: dict[str, list[float]] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)


def check_peer(peer: Peer) -> None:
    """Raise ConfigurationError when something that the peer needs is not there."""
    if peer.name not in RUNNERS:
        raise ConfigurationError(f"--peer takes {', '.join(RUNNERS)}; not '{peer.name}'.")
    way_out = f"`make bench PEER={peer.name}`, in a clone of the repository, makes all that it needs."
    for path in (PYTHON, RUNNERS[peer.name], peer.file):
        if not path.exists():
            raise ConfigurationError(f"--peer {peer.name} needs '{path}', and it is not there; {way_out}")


def run_rounds(peer: Peer, subject: Subject, cases: Sequence[Prefill | Decode], num_rounds: int) -> Rounds:
    """Measure ours, then the peer, and so on. Raises EngineError when a process fails."""
    rounds = Rounds()
    for number in range(num_rounds):
        print(f"beside {peer.name}, round {number + 1} of {num_rounds}", file=sys.stderr, flush=True)
        for name, values in run_session(subject, Plan(tuple(cases), repeats=1)).values.items():
            rounds.ours.setdefault(name, []).extend(values)
        theirs = run_peer(peer, cases)
        for case in cases:
            rounds.theirs.setdefault(case.name, []).append(theirs["figures"][argument_of(case)])
        rounds.about = theirs["about"]
    return rounds


def run_peer(peer: Peer, cases: Sequence[Prefill | Decode]) -> Any:
    """Run the peer's script once and return what it printed; its standard error is ours."""
    arguments = (str(peer.file), str(peer.num_threads), *map(argument_of, cases))
    command = (str(PYTHON), str(RUNNERS[peer.name]), *arguments)
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise EngineError(f"{peer.name} failed with exit code {done.returncode}; what it said is above.")
    return json.loads(done.stdout.splitlines()[-1])


def argument_of(case: Prefill | Decode) -> str:
    """Return the case as the runner is told: prefill:512, decode:48."""
    return f"{'prefill' if isinstance(case, Prefill) else 'decode'}:{case.num_tokens}"
