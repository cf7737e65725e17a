"""What every test goes by.

Property tests have no clock: on a busy machine an example may take a second, and that is no failure.
"""

from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

settings.register_profile("without-a-clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("without-a-clock")


@pytest.fixture(autouse=True, scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the database of servers that tests start, here and in child processes, out of the home folder."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OSSIAN_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        environment.delenv("OSSIAN_DATABASE_URL", raising=False)
        yield


@pytest.fixture(autouse=True, scope="module")
def no_log() -> Iterator[None]:
    """Keep what servers in other threads log out of reports and of what commands print; capture_logs still sees it."""
    before = structlog.get_config()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    yield
    structlog.configure(**before)
