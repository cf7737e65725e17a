"""Ossian: run OpenAI's gpt-oss models yourself, behind the whole OpenAI HTTP API.

import ossian

ossian.run("gpt-oss-20b", {"messages": [{"role": "user", "content": "2+2?"}]})
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ossian.client import AsyncClient, Client, run

__all__ = ["AsyncClient", "Client", "__version__", "run"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Import the client when it is first asked for: it takes half a second, which `ossian --help` has not."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ossian import client  # noqa: PLC0415 (that is the point)

    return getattr(client, name)
