"""The Python client: OpenAI's, pointed at Ossian, and `run`, which takes and returns plain dictionaries."""

from ossian.client.clients import AsyncClient, Client
from ossian.client.shared import run

__all__ = ["AsyncClient", "Client", "run"]
