"""Rows of the report: each figure's median and range, what it is compared with, and what it should reach."""

import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ossian.cli.bench.cases import SHORT, Case, Decode, FirstToken, Output, Prefill
from ossian.cli.bench.machine import Roofs
from ossian.cli.bench.profiles import Profile
from ossian.cli.bench.session import Session
from ossian.cli.bench.work import Work

GIGA: Final = 1e9


@dataclass(frozen=True, slots=True)
class Ratio:
    """A figure as a multiple of another; `at_least` or `at_most` is the target, if it has one."""

    of: str
    value: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def is_met(self) -> bool | None:
        """Is the target met? None without one."""
        if self.at_least is not None:
            return self.value >= self.at_least
        return None if self.at_most is None else self.value <= self.at_most

    @property
    def target(self) -> str:
        """The target in words; empty without one."""
        if self.at_least is not None:
            return f">= {self.at_least:g}"
        return "" if self.at_most is None else f"<= {self.at_most:g}"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure."""

    name: str
    unit: str
    values: tuple[float, ...]
    ratios: tuple[Ratio, ...] = ()

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def to_json(self) -> dict[str, Any]:
        """Return the row for JSON."""
        ratios = [
            {"of": ratio.of, "value": ratio.value, "target": ratio.target or None, "is_met": ratio.is_met}
            for ratio in self.ratios
        ]
        return {
            "name": self.name,
            "unit": self.unit,
            "median": self.median,
            "values": list(self.values),
            "ratios": ratios,
        }


INT8: Final = "int8 peak"
BANDWIDTH: Final = "read bandwidth"

# (row, compared with) -> (at least, at most), for gpt-oss-20b's shape.
TARGETS: Final[Mapping[tuple[str, str], tuple[float | None, float | None]]] = {
    ("prefill 512", INT8): (0.55, None),
    ("prefill 2048", "prefill 512"): (0.90, None),
    ("prefill 8192", "prefill 512"): (0.80, None),
    ("decode", BANDWIDTH): (0.95, None),
    ("decode at 8192", "decode, bytes a second"): (0.92, None),
    ("decode x4", "decode"): (2.0, None),
    ("decode x8", "decode"): (2.8, None),
    ("decode x32", "decode"): (5.0, None),
    ("first token, turn after a turn", "the same work"): (None, 1.1),
    ("copied text, speculation", "copied text"): (1.8, None),
    ("other text, speculation", "other text"): (0.98, None),
    ("load, first", "15 s"): (None, 1.0),
    ("load, again", "2 s"): (None, 1.0),
    ("resident", "13 GB"): (None, 1.0),
    ("profile decode, Python", "step"): (None, 0.02),
    ("prefill 512", "llama.cpp"): (6.5, None),
    ("decode", "llama.cpp"): (1.25, None),
}
LOAD_LIMITS: Final = {"load, first": 15, "load, again": 2}  # seconds


class Comparison:
    """Makes rows of measured values, each with its ratios."""

    def __init__(
        self, work: Work, values: Mapping[str, Sequence[float]], roofs: Mapping[str, Sequence[Roofs]] | None = None
    ) -> None:
        self._work = work
        self._values = values
        self._roofs = roofs or {}

    def row(self, case: Case) -> Row:
        """Return the row of a case that was measured."""
        return Row(case.name, case.unit, tuple(self._values[case.name]), tuple(self._ratios(case)))

    def load_row(self, name: str, seconds: float) -> Row:
        """Return how long it took to load."""
        limit = LOAD_LIMITS.get(name)
        ratios = () if limit is None else (self.ratio(name, f"{limit} s", seconds / limit),)
        return Row(name, "s", (seconds,), ratios)

    def session_rows(self, session: Session) -> Iterator[Row]:
        """Yield how much memory it took, and where the time of its steps went."""
        resident = session.resident_bytes / GIGA
        yield Row("resident", "GB", (resident,), (self.ratio("resident", "13 GB", resident / 13),))
        for profile in session.profiles:
            yield from self._profile_rows(profile)

    def _profile_rows(self, profile: Profile) -> Iterator[Row]:
        for label, seconds in [("step", profile.seconds), *((each.label, each.seconds) for each in profile.kernels)]:
            yield self._profile_row(profile, self._work.kernel_name(label), seconds)
        yield self._profile_row(profile, "Python", profile.python)

    def ratio(self, name: str, of: str, value: float) -> Ratio:
        """Return a ratio with its target; targets are those of gpt-oss-20b's shape."""
        targets = TARGETS if self._work.is_gpt_oss_20b else {}
        return Ratio(of, value, *targets.get((name, of), (None, None)))

    def _profile_row(self, profile: Profile, label: str, seconds: float) -> Row:
        name = f"profile {profile.name}, {label}"
        share = [] if label == "step" else [self.ratio(name, "step", seconds / profile.seconds)]
        return Row(name, "ms", (1000 * seconds,), tuple(share))

    def _ratios(self, case: Case) -> Iterator[Ratio]:
        match case:
            case Prefill():
                shares = self._shares(case.name, INT8)
                yield self.ratio(case.name, INT8, statistics.median(shares) * self._work.macs_per_prompt_token)
                yield from self._of(case.name, "prefill 512", INT8)
            case Decode():
                shares = self._shares(case.name, BANDWIDTH)
                yield self.ratio(case.name, BANDWIDTH, statistics.median(shares) * self._bytes_per_token(case))
                yield from self._of(case.name, Decode(case.num_streams).name if case.depth else "decode", BANDWIDTH)
                if case.depth and case.num_streams == 1:
                    more_bytes = self._bytes_per_token(case) / self._bytes_per_token(Decode())
                    yield from self._of(case.name, "decode", BANDWIDTH, "decode, bytes a second", more_bytes)
            case FirstToken():
                yield from self._of(case.name, FirstToken("the same work").name, None, "the same work")
            case Output():
                yield from self._of(case.name, replace(case, speculates=False).name, BANDWIDTH)

    def _of(
        self, name: str, other: str, roof: str | None, said: str | None = None, factor: float = 1.0
    ) -> Iterator[Ratio]:
        """Compare with another case: each repeat with the same repeat of the other, and both with their roofs."""
        if name != other and other in self._values:
            ratio = median_ratio(self._shares(name, roof), self._shares(other, roof))
            yield self.ratio(name, said or other, factor * ratio)

    def _shares(self, name: str, roof: str | None) -> list[float]:
        """The values of a case, divided by the roof of their time."""
        if roof is None:
            return list(self._values[name])
        roofs = [each.int8_peak if roof == INT8 else each.read_bandwidth for each in self._roofs[name]]
        return [value / each for value, each in zip(self._values[name], roofs, strict=True)]

    def _bytes_per_token(self, case: Decode) -> float:
        num_positions = case.depth + SHORT + case.num_tokens // 2
        return self._work.step_bytes(case.num_streams, num_positions, case.depth) / case.num_streams


def median_ratio(values: Iterable[float], others: Iterable[float]) -> float:
    """Return the median of ratios, each of two values of the same repeat."""
    return statistics.median(value / other for value, other in zip(values, others, strict=True))
