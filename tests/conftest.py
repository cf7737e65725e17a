"""What every test goes by.

Property tests have no clock: on a busy machine an example may take a second, and that is no failure.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings

from ossian.engine.embedded import weight_cache
from tests import databases, redis_server
from tests.databases import delete_rows, drop_postgresql_database, make_tables, postgresql_url, sqlite_url

settings.register_profile("without-a-clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("without-a-clock")

BOTH_DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]

# The markers of tests that need a server, which the environment names.
SERVERS = {"postgres": ("PostgreSQL", databases.SERVER), "redis": ("Redis", redis_server.SERVER)}
LEFT_OUT = pytest.StashKey[dict[str, int]]()  # numbers of tests by what they need


def pytest_configure(config: pytest.Config) -> None:
    """Begin to count."""
    config.stash[LEFT_OUT] = {}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that need a server where there is none."""
    for marker, (server, url) in SERVERS.items():
        without = [] if url else [item for item in items if item.get_closest_marker(marker)]
        if without:
            config.stash[LEFT_OUT][server] = len(without)
            config.hook.pytest_deselected(items=without)
            items[:] = [item for item in items if item not in without]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave nothing behind on the tests' servers."""
    drop_postgresql_database()
    redis_server.drop_counters()
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["left_out"] = session.config.stash[LEFT_OUT]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear from a process of pytest-xdist what it left out; all leave out the same."""
    node.config.stash[LEFT_OUT] |= node.workeroutput.get("left_out", {})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left out."""
    for server, num_left_out in config.stash[LEFT_OUT].items():
        way_out = "`make services` installs and starts one for the tests"
        terminalreporter.write_line(f"{num_left_out} tests were left out, since they need a {server}: {way_out}.")


@pytest.fixture(autouse=True, scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the database of servers that tests start, here and in child processes, out of the home folder."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OSSIAN_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        environment.delenv("OSSIAN_DATABASE_URL", raising=False)
        yield


@pytest.fixture(scope="session")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database to copy: making the tables for each test would take a tenth of a second."""
    folder = tmp_path_factory.mktemp("model")
    make_tables(sqlite_url(folder))
    return folder / "ossian.sqlite3"


@pytest.fixture(params=BOTH_DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path, model_file: Path) -> str:
    """The URL of a database without rows: the test runs once with SQLite and once with PostgreSQL."""
    if request.param == "sqlite":
        shutil.copy(model_file, tmp_path)
        return sqlite_url(tmp_path)
    url = postgresql_url()
    delete_rows(url)
    return url


@pytest.fixture
def redis_url() -> str:
    """The URL of a Redis without counters; the test is to be marked `redis`."""
    url = redis_server.redis_url()
    redis_server.drop_counters()
    return url


@pytest.fixture
def any_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the cache of packed weights write, however little this machine's disk has to spare."""
    monkeypatch.setattr(weight_cache, "MIN_FREE_BYTES", 0)
    monkeypatch.setattr(weight_cache, "MIN_FREE_SHARE", 0.0)


@pytest.fixture(autouse=True, scope="module")
def no_log() -> Iterator[None]:
    """Keep what servers in other threads log out of reports and of what commands print; capture_logs still sees it."""
    before = structlog.get_config()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    yield
    structlog.configure(**before)
