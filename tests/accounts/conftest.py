"""Counters of limits: in memory, and in a Redis where there is one."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from ossian.accounts.counters import MEMORY, Counters, counters_at
from tests.accounts.redis_server import NEEDS_REDIS, REDIS


@pytest.fixture
async def emptied_redis() -> str:
    """The URL of a Redis without counters."""
    async with Redis.from_url(REDIS) as redis:
        await redis.flushdb()
    return REDIS


@pytest.fixture
async def redis_counters(emptied_redis: str) -> AsyncIterator[Counters]:
    counters = counters_at(emptied_redis)
    yield counters
    await counters.aclose()


@pytest.fixture
def memory_counters() -> Counters:
    return counters_at(MEMORY)


@pytest.fixture(params=["memory", pytest.param("redis", marks=NEEDS_REDIS)])
def counters(request: pytest.FixtureRequest) -> Counters:
    found: Counters = request.getfixturevalue(f"{request.param}_counters")
    return found
