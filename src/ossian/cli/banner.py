"""What `ossian serve` says when it is ready: who answers, where, and how to ask."""

import json
from collections.abc import Iterator

import ossian
from ossian.catalog.catalog import Model

QUESTION = "What is 17*23?"


def banner(
    model: Model,
    url: str,
    *,
    is_demonstration: bool,
    needs_key: bool = False,
    has_keys: bool = False,
    is_local_allowed: bool = True,
) -> Iterator[str]:
    """Yield the lines. `url` is the server's, without `/v1`.

    `needs_key` says whether nobody may ask without a key, `is_local_allowed` whether all on this machine may.
    """
    yield f"Ossian {ossian.__version__}: {model.id} answers at {url}/v1 ({model.max_model_len} tokens of context)"
    if is_demonstration:
        yield ""
        yield f"{model.id} is a demonstration model: tiny, made to show that everything works, and capable of little."
        yield "The real one: ossian models pull gpt-oss-20b, then make serve MODEL=gpt-oss-20b"
    if model.aliases:
        yield f"Requests for {listing(model.aliases)} are answered by {model.id} too, and the answers say so."
    yield ""
    yield from keys(needs_key=needs_key, has_keys=has_keys, is_local_allowed=is_local_allowed)
    yield from curl(model, url, needs_key=needs_key)
    # a wrong key is refused, but on this machine as long as there are none
    key = "any" if is_local_allowed and not needs_key and not has_keys else "THE-KEY"
    yield f'Or OpenAI(base_url="{url}/v1", api_key="{key}"), or any other client of OpenAI\'s API.'
    yield f"Its documentation is at {url}/docs. Ctrl-C stops the server."


def keys(*, needs_key: bool, has_keys: bool, is_local_allowed: bool) -> Iterator[str]:
    """Yield who needs a key, and how to make the first."""
    if needs_key and not has_keys:
        yield "Everybody needs an API key, and there is none: make the first with `ossian keys create NAME`."
    elif needs_key:
        yield "Everybody needs an API key. `ossian keys create NAME` makes one."
    elif not is_local_allowed:
        yield "Without an API key everybody may use what access.anonymous_endpoints and access.anonymous_models say."
        yield "`ossian keys create NAME` makes one, for the rest."
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
