"""What every test goes by.

Property tests have no clock: on a busy machine an example may take a second, and that is no failure.
"""

from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

settings.register_profile("without-a-clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("without-a-clock")


@pytest.fixture(autouse=True, scope="module")
def no_log() -> Iterator[None]:
    """Keep what servers in other threads log out of reports and of what commands print; capture_logs still sees it."""
    before = structlog.get_config()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    yield
    structlog.configure(**before)
