"""`ossian.run`, and the client it shares among its calls."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from ossian.client.clients import Client
from ossian.client.connection import options_of


def run(model: str, body: Mapping[str, Any]) -> Any:
    """Return the answer of the server at OSSIAN_BASE_URL, as a dictionary. See Client.run.

    ossian.run("gpt-oss-20b", {"messages": [{"role": "user", "content": "2+2?"}]})
    """
    return shared_client(**options_of(None, None, None)).run(model, body)


@cache
def shared_client(**options: str) -> Client:
    """Return the client for what the environment says now: connections are kept between calls."""
    return Client(**options)
