"""Golden streams: turns and the exact events that clients get for them, in each dialect.

`python -m tests.api.responses.golden_streams` writes them anew; read the difference before you commit it.
"""

from pathlib import Path

import orjson

from ossian.api.responses.dialects import DIALECTS, Dialect
from tests.api.responses.made_streams import ALL_OPTIONS, OPTIONS, TURNS, stream_of, written

GOLDEN = Path(__file__).parent / "golden"


def path_of(name: str, dialect: Dialect) -> Path:
    return GOLDEN / f"{name}.{dialect}.jsonl"


def lines(name: str, dialect: Dialect) -> str:
    """The events of a turn, one a line."""
    turn, fields = TURNS[name]
    events = stream_of(turn, ALL_OPTIONS if "include" in fields else OPTIONS, **fields)
    return "".join(orjson.dumps(event).decode() + "\n" for event in written(events, dialect))


def write() -> None:
    for name in TURNS:
        for dialect in DIALECTS:
            path_of(name, dialect).write_text(lines(name, dialect), encoding="utf-8")


if __name__ == "__main__":
    write()
