"""One server with its counters in memory, and four that share a PostgreSQL and a Redis."""

from collections.abc import Iterator

import pytest

from tests.databases import sqlite_url
from tests.platform.cluster import NUM_WORKERS, SECONDS_INTO_A_MINUTE, Cluster, cluster, sharing
from tests.scripted_process import Wanted

SHARED_MARKS = [pytest.mark.postgres, pytest.mark.redis]
SHARED = pytest.param("shared", marks=SHARED_MARKS, id=f"{NUM_WORKERS} workers")
SHARED_SLOWLY = pytest.param("shared", marks=[*SHARED_MARKS, pytest.mark.slow], id=f"{NUM_WORKERS} workers")
ALONE = pytest.param("alone", id="1 worker")


@pytest.fixture(scope="module", params=[ALONE, SHARED])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Servers whose clock stands still, so that all requests are in one minute. Tests make projects of their own."""
    folder = tmp_path_factory.mktemp("workers")
    alone = Wanted(sqlite_url(folder), str(folder), gate=str(folder / "gate"), now=SECONDS_INTO_A_MINUTE)
    if request.param == "alone":
        with cluster(alone, 1) as one:
            yield one
    else:
        with cluster(sharing(alone)) as several:
            yield several


@pytest.fixture
def workers(running: Cluster) -> Cluster:
    """The servers. Their turns wait for the gate."""
    running.shut_gate()
    return running
