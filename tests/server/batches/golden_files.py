"""Golden files of batches: what they end with, to the byte.

`python -m tests.server.batches.golden_files` writes them anew; read the difference before you commit it.
"""

import json
from pathlib import Path

from tests.server.batches.asking import COMPLETIONS, RESPONSES, create, ended, line, lines
from tests.server.serving import scripted, serving

GOLDEN = Path(__file__).parent / "golden"
CASES = {
    "chat": [line("wrong", max_tokens="many"), *lines(2)],
    "responses": lines(1, RESPONSES),
    "completions": lines(1, COMPLETIONS, max_tokens=4),
    "wrong_lines": [*lines(1), "{oops", *lines(1), line("other", COMPLETIONS), line("stream", stream=True)],
}
ENDPOINTS = {"responses": RESPONSES, "completions": COMPLETIONS}


def exchange(name: str) -> dict[str, str]:
    """Return the batch, its files and their contents, by the names of their golden files."""
    with serving(scripted(num_cached_tokens=3), sections={"batches": {"max_running": 1}}) as server:
        client = server.client
        batch = create(client, CASES[name], **({"endpoint": ENDPOINTS[name]} if name in ENDPOINTS else {}))
        body = server.get(f"/v1/batches/{ended(client, batch).id}").json()
        kinds = [kind for kind in ("output", "error") if body[f"{kind}_file_id"]]
        files = {kind: server.get(f"/v1/files/{body[f'{kind}_file_id']}") for kind in kinds}
        found = {"batch": body, "input_file": server.get(f"/v1/files/{body['input_file_id']}").json()}
        found |= {f"{kind}_file": answer.json() for kind, answer in files.items()}
        contents = {kind: server.get(f"/v1/files/{body[f'{kind}_file_id']}/content").text for kind in kinds}
    texts = {f"{name}.json": json.dumps(found, indent=2) + "\n"}
    return texts | {f"{name}.{kind}.jsonl": text for kind, text in contents.items()}


def write() -> None:
    for name in CASES:
        for filename, text in exchange(name).items():
            (GOLDEN / filename).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
