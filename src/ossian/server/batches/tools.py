"""What batches are run with."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp

from ossian.accounts.fairness import FairQueue
from ossian.server.batches.callers import BatchCallers
from ossian.server.key_ring import KeyRing
from ossian.server.observability import Metrics
from ossian.server.service import Service
from ossian.settings import BatchSettings
from ossian.storage.batches import BatchStore
from ossian.storage.files import FileStore

LINE_BYTES: Final = 64 * 1024  # what a line may have besides the body of its request


@dataclass(frozen=True, slots=True)
class BatchTools:
    """The application that lines are asked of, the database, and the places that all batches of a server share.

    `owner` is the name of this server in the database; `now` is in seconds since 1970.
    """

    app: ASGIApp
    batches: BatchStore
    files: FileStore
    callers: BatchCallers
    places: FairQueue
    settings: BatchSettings
    owner: str
    now: Callable[[], float]
    new_id: Callable[[str], str]
    max_line_bytes: int
    ignore_unknown: bool
    metrics: Metrics


def tools_for(app: ASGIApp, service: Service, key_ring: KeyRing, owner: str) -> BatchTools:
    """Return the tools of an application that is starting; its database is open."""
    parts, database = service.parts, service.database
    settings = parts.settings
    return BatchTools(
        app=app,
        batches=database.batches,
        files=database.files,
        callers=BatchCallers(database, key_ring, settings),
        places=FairQueue(max(1, settings.batches.max_running), sys.maxsize),
        settings=settings.batches,
        owner=owner,
        now=parts.now,
        new_id=parts.new_id,
        max_line_bytes=settings.server.max_body_bytes + LINE_BYTES,
        ignore_unknown=service.ignores_unknown,
        metrics=service.metrics,
    )
