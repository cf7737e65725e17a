"""The report as people read it."""

from collections.abc import Iterable, Iterator

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


def roofs_line(when: str, roofs: Roofs) -> str:
    """Return what the machine allows, on a line."""
    return f"{when}: read bandwidth {roofs.read_bandwidth / 1e9:.1f} GB/s, int8 peak {roofs.int8_peak / 1e9:.0f} GMAC/s"


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
