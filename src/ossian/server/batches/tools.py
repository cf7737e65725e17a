"""What batches are run with."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final
from weakref import WeakValueDictionary

from starlette.types import ASGIApp

from ossian.accounts.fairness import FairQueue
from ossian.errors import OssianError
from ossian.server.batches.callers import BatchCallers
from ossian.server.key_ring import KeyRing
from ossian.server.observability import Metrics
from ossian.server.service import Service
from ossian.settings import BatchSettings
from ossian.storage.batches import BatchStore
from ossian.storage.files import FileStore

MAX_BATCHES: Final = 4  # of a project in the works at once; the others wait for their turn
LINE_BYTES: Final = 64 * 1024  # what a line may have besides the body of its request


class Turns:
    """Lets a few batches of a project be in the works at a time: each has lines in memory, of 10 MB if need be."""

    def __init__(self) -> None:
        self._turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    def __len__(self) -> int:
        """How many projects have batches."""
        return len(self._turns)

    def of(self, scope: str) -> asyncio.Semaphore:
        """Return what a batch enters; keep it as long as the batch runs."""
        return self._turns.setdefault(scope, asyncio.Semaphore(MAX_BATCHES))


class Places:
    """The places of the lines that are asked at once, so many of each model: what waits for one holds up no other."""

    def __init__(self, num_places: int) -> None:
        self._num_places = num_places
        self._queues: WeakValueDictionary[str, FairQueue] = WeakValueDictionary()

    @asynccontextmanager
    async def place(self, scope: str, model_id: str) -> AsyncIterator[None]:
        """Hold a place of a model, after waiting for it."""
        queue = self._queues.setdefault(model_id, FairQueue(self._num_places, sys.maxsize))
        async with queue.place(scope):
            yield


@dataclass(frozen=True, slots=True)
class BatchTools:
    """The application that lines are asked of, the database, and the places that all batches of a server share.

    `owner` is the name of this server in the database; `now` is in seconds since 1970. `model_of` returns the id of the
    model that answers to a name, and one for all names that no model has.
    """

    app: ASGIApp
    batches: BatchStore
    files: FileStore
    callers: BatchCallers
    places: Places
    model_of: Callable[[str | None], str]
    check_turns: Turns
    turns: Turns
    settings: BatchSettings
    owner: str
    now: Callable[[], float]
    new_id: Callable[[str], str]
    max_line_bytes: int
    ignore_unknown: bool
    metrics: Metrics


def model_of(service: Service, name: str | None) -> str:
    """Return the id of the model that answers to a name; none of all that is refused when it is asked for."""
    try:
        return service.id_of(name or "")
    except OssianError:
        return ""


def tools_for(app: ASGIApp, service: Service, key_ring: KeyRing, owner: str) -> BatchTools:
    """Return the tools of an application that is starting; its database is open."""
    parts, database = service.parts, service.database
    settings = parts.settings
    return BatchTools(
        app=app,
        batches=database.batches,
        files=database.files,
        callers=BatchCallers(database, key_ring, settings),
        places=Places(max(1, settings.batches.max_running)),
        model_of=partial(model_of, service),
        check_turns=Turns(),
        turns=Turns(),
        settings=settings.batches,
        owner=owner,
        now=parts.now,
        new_id=parts.new_id,
        max_line_bytes=settings.server.max_body_bytes + LINE_BYTES,
        ignore_unknown=service.ignores_unknown,
        metrics=service.metrics,
    )
