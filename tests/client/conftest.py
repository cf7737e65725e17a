"""A server, and the client's environment: nothing of the machine's."""

from collections.abc import Iterator

import pytest

from ossian.client.shared import shared_client
from tests.server.serving import Served, scripted, serving


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with serving(scripted()) as served:
        yield served


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that names no server and no key; a secret for OpenAI is in it, and must stay there."""
    for name in ("OSSIAN_BASE_URL", "OSSIAN_API_KEY", "OSSIAN_ADMIN_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin-of-openai")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    return monkeypatch


@pytest.fixture(autouse=True)
def no_client() -> Iterator[None]:
    """Forget the client that `ossian.run` shares."""
    shared_client.cache_clear()
    yield
    shared_client.cache_clear()
