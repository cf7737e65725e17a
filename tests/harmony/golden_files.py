"""Golden files: a rendering as people read it (`.txt`, with one newline added) and as token ids (`.ids`)."""

from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def golden_text(name: str) -> str:
    return (GOLDEN / f"{name}.txt").read_text(encoding="utf-8").removesuffix("\n")


def golden_ids(name: str) -> list[int]:
    return [int(token_id) for token_id in (GOLDEN / f"{name}.ids").read_text(encoding="utf-8").split()]
