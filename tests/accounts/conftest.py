"""Counters of limits: in memory, and in a Redis where there is one."""

from collections.abc import AsyncIterator

import pytest

from ossian.accounts.counters import MEMORY, Counters, counters_at


@pytest.fixture
async def redis_counters(redis_url: str) -> AsyncIterator[Counters]:
    counters = counters_at(redis_url)
    yield counters
    await counters.aclose()


@pytest.fixture
def memory_counters() -> Counters:
    return counters_at(MEMORY)


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
def counters(request: pytest.FixtureRequest) -> Counters:
    found: Counters = request.getfixturevalue(f"{request.param}_counters")
    return found
