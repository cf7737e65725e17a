from collections.abc import Iterator

import pytest
import structlog

from tests.server.serving import Served, scripted, serving


@pytest.fixture(autouse=True, scope="module")
def no_log() -> Iterator[None]:
    """Keep what servers in other threads log out of the test report; capture_logs still sees it."""
    before = structlog.get_config()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session")
def server() -> Iterator[Served]:
    """A server that always gives the same answer. Tests that look at its engine's requests start their own."""
    with serving(scripted(num_cached_tokens=5)) as served:
        yield served
