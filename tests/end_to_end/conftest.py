"""One real server with the demonstration model, for all tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.served_process import ServedProcess, served_process


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def server(cache_dir: Path) -> Iterator[ServedProcess]:
    with served_process(OSSIAN_MODELS__CACHE_DIR=str(cache_dir)) as running:
        yield running
