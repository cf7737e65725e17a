"""What `ossian serve` says when it is ready: who answers, where, and how to ask."""

import json
from collections.abc import Iterator

import ossian
from ossian.catalog.catalog import Model

QUESTION = "What is 17*23?"


def banner(
    model: Model, url: str, *, is_demonstration: bool, needs_key: bool = False, has_keys: bool = False
) -> Iterator[str]:
    """Yield the lines. `url` is the server's, without `/v1`; `needs_key` says whether nobody may ask without a key."""
    yield f"Ossian {ossian.__version__}: {model.id} answers at {url}/v1 ({model.max_model_len} tokens of context)"
    if is_demonstration:
        yield ""
        yield f"{model.id} is a demonstration model: tiny, made to show that everything works, and capable of little."
        yield "The real one: ossian models pull gpt-oss-20b, then make serve MODEL=gpt-oss-20b"
    if model.aliases:
        yield f"Requests for {listing(model.aliases)} are answered by {model.id} too, and the answers say so."
    yield ""
    yield from keys(needs_key=needs_key, has_keys=has_keys)
    yield from curl(model, url, needs_key=needs_key)
    key = "THE-KEY" if needs_key or has_keys else "any"  # once there are keys, a wrong one is refused
    yield f'Or OpenAI(base_url="{url}/v1", api_key="{key}"), or any other client of OpenAI\'s API.'
    yield f"Its documentation is at {url}/docs. Ctrl-C stops the server."


def keys(*, needs_key: bool, has_keys: bool) -> Iterator[str]:
    """Yield who needs a key, and how to make the first."""
    if needs_key and not has_keys:
        yield "Everybody needs an API key, and there is none: make the first with `ossian keys create NAME`."
    elif needs_key:
        yield "Everybody needs an API key. `ossian keys create NAME` makes one."
    else:
        yield "No API key is needed. `ossian keys create NAME` makes one, for who is to be told from others."


def listing(names: tuple[str, ...]) -> str:
    """Return `a, b and c`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def curl(model: Model, url: str, *, needs_key: bool) -> Iterator[str]:
    """Yield a first request, to be pasted into a shell."""
    body = json.dumps({"model": model.id, "messages": [{"role": "user", "content": QUESTION}]})
    yield f"curl {url}/v1/chat/completions -H 'Content-Type: application/json' \\"
    if needs_key:
        yield "  -H 'Authorization: Bearer THE-KEY' \\"
    yield f"  -d '{body}'"
