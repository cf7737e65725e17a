"""Counters that vanish by themselves: in this process, or in a Redis for several.

Both have the methods of the `limits` library's storages, and those in a Redis are one. Its storage in memory is not
used: whenever it raises a counter it looks at all of them, which takes 1.3 ms a request when there are 10 000.
"""

import heapq
import time
from collections.abc import Callable
from typing import Final, Protocol

import structlog
from limits.aio.storage import RedisStorage
from limits.errors import StorageError as LimitsStorageError
from redis.asyncio import ConnectionPool

from ossian.errors import ConfigurationError, StorageError

MEMORY: Final = "memory://"
REDIS_SECONDS: Final = 2.0  # a Redis on the same network answers in a thousandth of that

log = structlog.get_logger()


class Counters(Protocol):
    """Counters by key, which begin at 0."""

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Change a counter and return its new value. It vanishes `expiry` seconds after it was begun."""
        ...

    async def get(self, key: str) -> int:
        """Return the value of a counter."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


def counters_at(url: str) -> Counters:
    """Return the counters that a URL names: `memory://`, or a Redis as `redis://host:6379/0`.

    Raises ConfigurationError for another URL.
    """
    if url == MEMORY:
        return MemoryCounters()
    if not url.startswith(("redis://", "rediss://", "unix://")):
        raise ConfigurationError("Limits are counted in 'memory://' or in a Redis, 'redis://HOST:PORT/NUMBER'.")
    return RedisCounters(url)


class MemoryCounters:
    """Counters in this process. No method lets another task run, so that several in a row are one step."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._counts: dict[str, int] = {}
        self._expirations: list[tuple[float, str]] = []  # a heap

    def __len__(self) -> int:
        return len(self._counts)

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Change a counter and return its new value."""
        now = self._now()
        self._forget(now)
        if key not in self._counts:
            heapq.heappush(self._expirations, (now + expiry, key))
        count = self._counts[key] = self._counts.get(key, 0) + amount
        return count

    async def get(self, key: str) -> int:
        """Return the value of a counter."""
        self._forget(self._now())
        return self._counts.get(key, 0)

    async def aclose(self) -> None:
        """Forget everything."""
        self._counts.clear()
        self._expirations.clear()

    def _forget(self, now: float) -> None:
        while self._expirations and self._expirations[0][0] <= now:
            _, key = heapq.heappop(self._expirations)
            del self._counts[key]


class RedisCounters:
    """Counters in a Redis, for all servers that use it."""

    def __init__(self, url: str) -> None:
        """Raise ConfigurationError for a URL that is none. Its query may set other timeouts: `?socket_timeout=1`."""
        try:
            self._pool: ConnectionPool = ConnectionPool.from_url(
                url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
            )
        except ValueError as error:
            raise ConfigurationError(f"The URL of the Redis for limits: {error}.") from error
        self._storage = RedisStorage(
            "async+redis://",
            wrap_exceptions=True,
            implementation="redispy",
            key_prefix="ossian",
            connection_pool=self._pool,  # type: ignore[arg-type]  # it is typed for what a URL can hold
        )

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Change a counter and return its new value. Raises StorageError when the Redis cannot be asked."""
        try:
            return await self._storage.incr(key, expiry, amount)
        except LimitsStorageError as error:
            raise _away(error) from error

    async def get(self, key: str) -> int:
        """Return the value of a counter. Raises StorageError when the Redis cannot be asked."""
        try:
            return await self._storage.get(key)
        except LimitsStorageError as error:
            raise _away(error) from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._pool.aclose()


def _away(error: LimitsStorageError) -> StorageError:
    reason = f"limits: {error.storage_error}"
    log.error("counters not available", reason=reason)
    return StorageError(reason)
