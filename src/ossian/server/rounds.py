"""What a server does again and again to look after the database: its leases, the orders of others, what is too old."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

import structlog

LEASE_PARTS: Final = 3  # so many renewals a lease: two may fail
PURGE_SECONDS: Final = 3600.0  # between two looks at what is too old

log = structlog.get_logger()


class Patience:
    """Tells when others may not have been able to renew their leases: the database was away, or this machine slept."""

    def __init__(self, lease_seconds: float) -> None:
        self._lease_seconds = lease_seconds
        self._noted_at: float | None = None
        self._until = 0.0

    def note(self, now: float) -> None:
        """Say, several times a lease, that the database answers."""
        if self._noted_at is not None and now - self._noted_at > 2 * self._lease_seconds / LEASE_PARTS:
            self._until = now + self._lease_seconds
        self._noted_at = now

    def is_needed(self, now: float) -> bool:
        """Whether leases that have ended are to be left alone."""
        return now < self._until


async def repeated(seconds: float, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do the work, again and again, with a pause."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("the database could not be looked after")
        await asyncio.sleep(seconds)
