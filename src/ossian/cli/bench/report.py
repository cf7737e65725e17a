"""The report of a whole run: what it was of, and its rows, for people and as JSON."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from ossian.cli.bench.cases import Plan
from ossian.cli.bench.machine import Roofs
from ossian.cli.bench.peer import Rounds
from ossian.cli.bench.rows import Comparison, Row
from ossian.cli.bench.session import Session
from ossian.cli.bench.table import roofs_line, table
from ossian.cli.bench.work import Work

SCHEMA: Final = 1  # of the JSON; raised when a program that reads it must change


@dataclass(slots=True)
class Measured:
    """All that was measured of one model."""

    work: Work
    plan: Plan
    roofs: list[Roofs] = field(default_factory=list)  # at the beginning and at the end
    sessions: list[Session] = field(default_factory=list)  # the first of them without speculation
    load_seconds: dict[str, float] = field(default_factory=dict)  # by the names of their rows
    rounds: dict[str, Rounds] = field(default_factory=dict)  # by the peer's name

    @property
    def best_roofs(self) -> Roofs:
        """The higher of each: what the machine could do at some time of the run."""
        return Roofs(max(each.read_bandwidth for each in self.roofs), max(each.int8_peak for each in self.roofs))


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured, and on what."""

    checkpoint: Path
    measured: Measured
    machine: Mapping[str, Any]
    versions: Mapping[str, str]

    def text(self) -> str:
        """Return the report for people."""
        names = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        of = f"{self.checkpoint.resolve().name} on {self.machine['cpu']}, {self.machine['num_threads']} threads"
        begin_and_end = zip(("roofs at first", "roofs at last"), self.measured.roofs, strict=True)
        lines = [f"{of}, {self.machine['isa']}", names, *(roofs_line(when, each) for when, each in begin_and_end)]
        return "\n".join([*lines, "", table(self.rows())])

    def json(self) -> str:
        """Return the report for programs."""
        config = self.measured.work.config
        shape = {name: getattr(config, name) for name in ("num_hidden_layers", "num_local_experts", "hidden_size")}
        report = {
            "schema": SCHEMA,
            "machine": self.machine,
            "versions": self.versions,
            "checkpoint": {"name": self.checkpoint.resolve().name, **shape},
            "roofs": [asdict(each) for each in self.measured.roofs],
            "rows": [row.to_json() for row in self.rows()],
            "peers": {name: rounds.about for name, rounds in self.measured.rounds.items()},
        }
        return json.dumps(report, indent=2) + "\n"

    def rows(self) -> list[Row]:
        """Return a row for each figure."""
        measured, roofs = self.measured, self.measured.best_roofs
        values = {name: value for session in measured.sessions for name, value in session.values.items()}
        comparison = Comparison(measured.work, roofs, values)
        rows = [comparison.row(case) for case in measured.plan.cases if case.name in values]
        rows += [comparison.load_row(name, seconds) for name, seconds in measured.load_seconds.items()]
        if measured.sessions:
            rows += comparison.session_rows(measured.sessions[0])
        for peer, rounds in measured.rounds.items():
            rows += _peer_rows(Comparison(measured.work, roofs, rounds.ours), peer, rounds)
        return rows


def _peer_rows(comparison: Comparison, peer: str, rounds: Rounds) -> Iterator[Row]:
    for name, theirs in rounds.theirs.items():
        ours, other = Row(name, "tok/s", tuple(rounds.ours[name])), Row(name, "tok/s", tuple(theirs))
        ratio = comparison.ratio(name, peer, ours.median / other.median)
        yield Row(f"{name}, beside {peer}", "tok/s", ours.values, (ratio,))
        yield Row(f"{name}, {peer}", "tok/s", other.values)
