"""What a server does again and again to look after the database: its leases, the orders of others, what is too old."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

import structlog

LEASE_PARTS: Final = 3  # so many renewals a lease: two may fail
PURGE_SECONDS: Final = 3600.0  # between two looks at what is too old

log = structlog.get_logger()


async def repeated(seconds: float, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do the work, again and again, with a pause."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("the database could not be looked after")
        await asyncio.sleep(seconds)
