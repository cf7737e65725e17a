"""Cuts the requests out of OpenAI's published examples, one a line.

`python -m tests.specs.examples OPENAI_EXAMPLES.json` writes openai_examples.json beside this file: for each endpoint of
responses and conversations its examples' titles and bodies, as their curl commands have them.
"""

import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
FILE: Final = HERE / "openai_examples.json"
BODY: Final = re.compile(r"-d '(.*)'", re.DOTALL)


@cache
def examples(endpoint: str) -> dict[str, Any]:
    """Return the bodies of an endpoint's examples by their titles; None for a request without one."""
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))[endpoint]
    return found


def bodies(published: Any) -> Iterator[tuple[str, Any]]:
    """Yield title and body of each published example of an endpoint."""
    for example in published if isinstance(published, list) else [published]:
        body = BODY.search(example["request"]["curl"])
        yield example.get("title") or "", json.loads(body[1]) if body else None


def write(source: Path) -> None:
    published = json.loads(source.read_text(encoding="utf-8"))
    endpoints = [each for each in published if "/responses" in each or "/conversations" in each]
    lines = [f"{json.dumps(each)}: {json.dumps(dict(bodies(published[each])))}" for each in endpoints]
    FILE.write_text("\n".join(["{", ",\n".join(lines), "}", ""]), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
