"""What keys, limits and usage records cost a request, beside LiteLLM's proxy: the same load on all, in turn.

    python -m benchmarks.gateway [--concurrency 1 16] [--requests 500] [--rounds 7] [--redis URL] [--json FILE]

The engine is scripted: the servers' own work is what is left. `plain` is our server without keys and limits, and
what LiteLLM forwards to; `ossian` has keys, limits, a budget and usage records on; `litellm` has its master key, and
`litellm, limits` also counts requests and tokens a minute (a database of its own is what it would need for more). Each
round loads every server once, in an order of its own; what is added is against `plain` in the same round, and every
figure is the median of the rounds.
"""

import argparse
import asyncio
import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.gateway_servers import Servers
from benchmarks.http_load import Round, Target, load

PLAIN: Final = "plain"
OURS: Final = "ossian"
WARM_UP: Final = 200  # requests: both sides have caches to fill
SETTLE_SECONDS: Final = 0.5

BODY: Final = json.dumps(
    {"model": "ossian-nano", "messages": [{"role": "user", "content": "What is a gateway? In one sentence."}]}
).encode()


@dataclass(frozen=True, slots=True)
class Figures:
    """The medians of one server at one concurrency. Latencies are in milliseconds; `added` are against `plain`."""

    p50: float
    p99: float
    added_p50: float
    added_p99: float
    requests_per_second: float


def main() -> None:
    options = parse_options()
    with TemporaryDirectory() as folder, Servers(Path(folder), BODY, redis_url=options.redis) as targets:
        figures = asyncio.run(measure(targets, options))
    print(table(figures))
    if options.json:
        options.json.write_text(json.dumps(as_json(figures), indent=2))


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--concurrency", type=int, nargs="+", default=[1, 16], help="connections that ask at a time")
    parser.add_argument("--requests", type=int, default=500, help="of each round, for each server")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--redis", metavar="URL", help="where our limits are counted; without one, in the process")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser.parse_args()


async def measure(targets: dict[str, Target], options: argparse.Namespace) -> dict[int, dict[str, Figures]]:
    """Return the figures by concurrency and server."""
    for target in targets.values():
        await load(target, 4, WARM_UP)
    figures = {}
    for concurrency in options.concurrency:
        rounds = [
            {name: await load_alone(targets[name], concurrency, options.requests) for name in shuffled(targets, number)}
            for number in range(options.rounds)
        ]
        figures[concurrency] = {name: figures_of(name, rounds) for name in targets}
    return figures


async def load_alone(target: Target, concurrency: int, num_requests: int) -> Round:
    """Load a server once the others have finished what they do after their answers."""
    await asyncio.sleep(SETTLE_SECONDS)
    await load(target, concurrency, 2 * concurrency)
    return await load(target, concurrency, num_requests)


def shuffled(names: Iterable[str], number: int) -> list[str]:
    """Return the names in an order of the round's own, so that none always follows the same."""
    order = list(names)
    Random(number).shuffle(order)
    return order


def figures_of(name: str, rounds: Sequence[dict[str, Round]]) -> Figures:
    """Return the medians of a server's rounds."""
    mine, plain = [each[name] for each in rounds], [each[PLAIN] for each in rounds]

    def milliseconds(percent: int) -> float:
        return 1000 * statistics.median(each.percentile(percent) for each in mine)

    def added(percent: int) -> float:
        pairs = zip(mine, plain, strict=True)
        return 1000 * statistics.median(own.percentile(percent) - base.percentile(percent) for own, base in pairs)

    rate = statistics.median(each.requests_per_second for each in mine)
    return Figures(milliseconds(50), milliseconds(99), added(50), added(99), rate)


def times(theirs: float, ours: float) -> float | None:
    """Return how many times as much theirs is; None where ours is too small to be told from nothing."""
    return round(theirs / ours, 1) if ours > 0 else None


def as_json(figures: dict[int, dict[str, Figures]]) -> list[dict[str, object]]:
    """Return a row for each concurrency and server."""
    return [
        {"concurrency": concurrency, "server": name}
        | {field: round(getattr(row, field), 3) for field in Figures.__slots__}
        | {"times_what_ossian_adds": times(row.added_p50, rows[OURS].added_p50)}
        | {"times_all_that_ossian_takes": times(row.added_p50, rows[OURS].p50)}
        for concurrency, rows in figures.items()
        for name, row in rows.items()
    ]


def table(figures: dict[int, dict[str, Figures]]) -> str:
    """Return a Markdown table, and beneath it how many times as much the others add."""
    lines = [
        "| connections | server | p50 ms | p99 ms | added p50 ms | added p99 ms | requests/s |",
        "|---|---|---|---|---|---|---|",
    ]
    for concurrency, rows in figures.items():
        lines += [row_of(concurrency, name, row) for name, row in rows.items()]
    return "\n".join([*lines, "", *ratios(figures)])


def row_of(concurrency: int, name: str, row: Figures) -> str:
    """Return one row of the table."""
    added = ["", ""] if name == PLAIN else [f"{row.added_p50:.2f}", f"{row.added_p99:.2f}"]
    cells = [str(concurrency), name, f"{row.p50:.2f}", f"{row.p99:.2f}", *added, f"{row.requests_per_second:.0f}"]
    return f"| {' | '.join(cells)} |"


def ratios(figures: dict[int, dict[str, Figures]]) -> list[str]:
    """Return how many times what ours adds the others add, at the median, and how many times all that ours takes."""
    return [
        f"- {name}, {concurrency} connections: adds {times(row.added_p50, rows[OURS].added_p50) or 'countless'} "
        f"times what {OURS} adds, and {times(row.added_p50, rows[OURS].p50)} times what it takes in all."
        for concurrency, rows in figures.items()
        for name, row in rows.items()
        if name not in (PLAIN, OURS)
    ]


if __name__ == "__main__":
    main()
