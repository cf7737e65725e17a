from collections.abc import Iterator

import pytest

from tests.server.serving import Served, scripted, serving


@pytest.fixture(scope="session")
def server() -> Iterator[Served]:
    """A server that always gives the same answer. Tests that look at its engine's requests start their own."""
    with serving(scripted(num_cached_tokens=5)) as served:
        yield served
