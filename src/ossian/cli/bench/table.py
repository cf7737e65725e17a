"""The report as people read it."""

import statistics
from collections.abc import Iterable, Iterator, Sequence

from ossian.cli.bench.machine import Roofs
from ossian.cli.bench.rows import Ratio, Row

HEADS = ("what", "median", "unit", "lowest – highest", "ratio", "of", "target")
MARKS = {True: "reached", False: "missed", None: ""}


def table(rows: Iterable[Row]) -> str:
    """Return the rows in columns; a row with several ratios takes a line for each."""
    lines = [HEADS, *(line for row in rows for line in _lines(row))]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def roofs_line(roofs: Sequence[Roofs]) -> str:
    """Return what the machine allowed while cases were measured, on a line."""
    if not roofs:
        return "roofs: not measured"
    bandwidth = _median_and_range([each.read_bandwidth / 1e9 for each in roofs], 1)
    peak = _median_and_range([each.int8_peak / 1e9 for each in roofs], 0)
    return f"roofs: read bandwidth {bandwidth} GB/s, int8 peak {peak} GMAC/s"


def _median_and_range(values: Sequence[float], num_decimals: int) -> str:
    said = [f"{value:.{num_decimals}f}" for value in (statistics.median(values), min(values), max(values))]
    return f"{said[0]} ({said[1]} – {said[2]})"


def figure(value: float) -> str:
    """Return a number with three or four digits that count."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:#.4g}".rstrip(".")


def _lines(row: Row) -> Iterator[tuple[str, ...]]:
    spread = f"{figure(min(row.values))} – {figure(max(row.values))}" if len(row.values) > 1 else ""
    first, *others = row.ratios or (None,)
    yield (row.name, figure(row.median), row.unit, spread, *_cells(first))
    for ratio in others:
        yield ("", "", "", "", *_cells(ratio))


def _cells(ratio: Ratio | None) -> tuple[str, str, str]:
    if ratio is None:
        return "", "", ""
    return f"{ratio.value:.3f}", ratio.of, f"{ratio.target} {MARKS[ratio.is_met]}".strip()
