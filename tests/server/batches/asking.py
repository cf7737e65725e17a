"""Batches as clients make them."""

import json
from collections.abc import Iterable
from typing import Any, Final

from openai import OpenAI
from openai.types import Batch

from tests.server.serving import MODEL, until

Json = dict[str, Any]

CHAT: Final = "/v1/chat/completions"
RESPONSES: Final = "/v1/responses"
COMPLETIONS: Final = "/v1/completions"
BODIES: dict[str, Json] = {
    CHAT: {"model": MODEL, "messages": [{"role": "user", "content": "2+2?"}]},
    RESPONSES: {"model": MODEL, "input": "2+2?"},
    COMPLETIONS: {"model": MODEL, "prompt": "2+2"},
}
ENDED = ("completed", "failed", "expired", "cancelled")


def line(custom_id: str, url: str = CHAT, **fields: Any) -> str:
    return json.dumps({"custom_id": custom_id, "method": "POST", "url": url, "body": BODIES[url] | fields})


def lines(number: int, url: str = CHAT, **fields: Any) -> list[str]:
    return [line(f"request-{index}", url, **fields) for index in range(number)]


def uploaded(client: OpenAI, texts: Iterable[str]) -> str:
    """The id of an input file."""
    return client.files.create(file=("lines.jsonl", "\n".join(texts).encode()), purpose="batch").id


def create(client: OpenAI, texts: Iterable[str], endpoint: str = CHAT, window: Any = "24h", **fields: Any) -> Batch:
    """A new batch with these lines."""
    file_id = uploaded(client, texts)
    asked: Any = {"input_file_id": file_id, "endpoint": endpoint, "completion_window": window, **fields}
    return client.batches.create(**asked)


def ended(client: OpenAI, batch: Batch) -> Batch:
    """The batch when it has ended, held to the SDK's types."""
    until(lambda: client.batches.retrieve(batch.id).status in ENDED)
    found = client.batches.retrieve(batch.id)
    return Batch.model_validate(found.model_dump(), strict=True)


def counts(batch: Batch) -> tuple[int, int, int]:
    """How many of the lines: in all, completed, failed."""
    assert batch.request_counts is not None
    return batch.request_counts.total, batch.request_counts.completed, batch.request_counts.failed


def results(client: OpenAI, file_id: str | None) -> dict[str, Json]:
    """The lines of an output or error file by their custom ids, of which each is there once; no file has none."""
    if file_id is None:
        return {}
    found = [json.loads(text) for text in client.files.content(file_id).text.splitlines()]
    by_id = {each["custom_id"]: each for each in found}
    assert len(by_id) == len(found)
    return by_id
