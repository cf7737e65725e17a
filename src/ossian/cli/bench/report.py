"""The report of a whole run: what it was of, and its rows, for people and as JSON."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from ossian.cli.bench.cases import Plan
from ossian.cli.bench.machine import Roofs
from ossian.cli.bench.peer import Rounds
from ossian.cli.bench.rows import Comparison, Row, median_ratio
from ossian.cli.bench.session import Session
from ossian.cli.bench.table import roofs_line, table
from ossian.cli.bench.work import Work
from ossian.settings import EngineSettings

T = TypeVar("T")

SCHEMA: Final = 2  # of the JSON; raised when a program that reads it must change


@dataclass(slots=True)
class Measured:
    """All that was measured of one model."""

    work: Work
    plan: Plan
    sessions: list[Session] = field(default_factory=list)  # the first of them of all but set texts
    load_seconds: dict[str, float] = field(default_factory=dict)  # by the names of their rows
    rounds: dict[str, Rounds] = field(default_factory=dict)  # by the peer's name

    @property
    def values(self) -> dict[str, tuple[float, ...]]:
        """Of each case that was measured, what each repeat gave."""
        return _joined(session.values for session in self.sessions)

    @property
    def roofs(self) -> dict[str, tuple[Roofs, ...]]:
        """Of each case that was measured, the roofs at each repeat."""
        return _joined(session.roofs for session in self.sessions)


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured, and on what."""

    checkpoint: Path
    settings: EngineSettings
    measured: Measured
    machine: Mapping[str, Any]
    versions: Mapping[str, str]

    def text(self) -> str:
        """Return the report for people."""
        names = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        of = f"{self.checkpoint.resolve().name} on {self.machine['cpu']}, {self.machine['num_threads']} threads"
        changed = self.settings.model_dump(mode="json", exclude_defaults=True)
        settings = "settings: " + ", ".join(f"{name} {value}" for name, value in changed.items())
        lines = [f"{of}, {self.machine['isa']}", names, settings, roofs_line(self._all_roofs())]
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
            "settings": self.settings.model_dump(mode="json"),
            "repeats": self.measured.plan.repeats,
            "roofs": [asdict(each) for each in self._all_roofs()],
            "rows": [row.to_json() for row in self.rows()],
            "peers": {name: rounds.about for name, rounds in self.measured.rounds.items()},
        }
        return json.dumps(report, indent=2) + "\n"

    def rows(self) -> list[Row]:
        """Return a row for each figure."""
        measured = self.measured
        values = measured.values
        comparison = Comparison(measured.work, values, measured.roofs)
        rows = [comparison.row(case) for case in measured.plan.cases if values.get(case.name)]
        rows += [comparison.load_row(name, seconds) for name, seconds in measured.load_seconds.items()]
        if measured.sessions:
            rows += comparison.session_rows(measured.sessions[0])
        for peer, rounds in measured.rounds.items():
            rows += _peer_rows(Comparison(measured.work, rounds.ours), peer, rounds)
        return rows

    def _all_roofs(self) -> list[Roofs]:
        return [each for of_case in self.measured.roofs.values() for each in of_case]


def _joined(parts: Iterable[Mapping[str, tuple[T, ...]]]) -> dict[str, tuple[T, ...]]:
    joined: dict[str, tuple[T, ...]] = {}
    for part in parts:
        for name, values in part.items():
            joined[name] = joined.get(name, ()) + values
    return joined


def _peer_rows(comparison: Comparison, peer: str, rounds: Rounds) -> Iterator[Row]:
    for name, values in rounds.ours.items():  # what does not fit our context was measured of the peer only
        theirs = rounds.theirs[name]
        ours, other = Row(name, "tok/s", tuple(values)), Row(name, "tok/s", tuple(theirs))
        ratio = comparison.ratio(name, peer, median_ratio(ours.values, theirs))
        yield Row(f"{name}, beside {peer}", "tok/s", ours.values, (ratio,))
        yield Row(f"{name}, {peer}", "tok/s", other.values)
