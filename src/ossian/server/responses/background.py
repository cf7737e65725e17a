"""Background responses: made here while nobody waits, watched and cancelled from anywhere through the database.

Each server process renews a lease on what it makes (upkeep.py). What a dead one leaves behind is marked failed by
whoever looks next, so that no response is queued or in progress for ever.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from typing import Final

import structlog
from starlette.requests import HTTPConnection

from ossian.accounts.fairness import FairQueue
from ossian.api.fields import JsonObject
from ossian.api.responses.response import terminal_event
from ossian.errors import EngineError, InvalidRequestError, NotFoundError, TooManyRequestsError
from ossian.server.responses.background_run import BackgroundRun
from ossian.server.responses.run import ResponseRun
from ossian.server.responses.state import UNFINISHED
from ossian.server.responses.upkeep import Upkeep
from ossian.settings import ResponsesSettings
from ossian.storage.records import StoredResponse
from ossian.storage.responses import ResponseStore

END_SECONDS: Final = 10.0  # for the database to be told the ends of all runs when the server stops
LOOK_SECONDS: Final = 0.5  # between two looks at a response that another server makes

NOT_STREAMED: Final = (
    "Only a response that was created with background: true and stream: true can be streamed again. "
    "Get it whole, without 'stream'."
)
STOPPED = EngineError("The server was stopped before this response was done. Create it again.")

log = structlog.get_logger()


class BackgroundRuns:
    """The background responses of one server process, which the database knows as `owner`."""

    def __init__(self, store: ResponseStore, settings: ResponsesSettings, owner: str, now: Callable[[], float]) -> None:
        self._store = store
        self._settings = settings
        self._owner = owner
        self._slots = FairQueue(settings.max_background_running, settings.max_background)
        self._runs: dict[str, BackgroundRun] = {}
        self._working: set[asyncio.Task[None]] = set()
        self._upkeep = Upkeep(store, settings, owner, now, self._runs)

    @property
    def num_running(self) -> int:
        """Runs that have a slot."""
        return sum(run.is_running for run in self._runs.values())

    @property
    def num_queued(self) -> int:
        """Runs that wait for one."""
        return len(self._runs) - self.num_running

    def open(self) -> None:
        """Begin to look after the database."""
        self._upkeep.open()

    async def aclose(self) -> None:
        """End every run as failed, and wait until the database knows, if it answers at all."""
        await self._upkeep.aclose()
        for run in self._runs.values():
            run.abandon(STOPPED)
        if self._working:
            await asyncio.wait(self._working, timeout=END_SECONDS)
        for task in self._working:
            task.cancel()  # the database does not answer; what is lost there is told by its lease
        await asyncio.gather(*self._working, return_exceptions=True)

    async def start(self, run: ResponseRun, *, is_streamed: bool) -> StoredResponse:
        """Store a response as queued, make it as soon as there is a slot, and return it as it is now.

        Raises TooManyRequestsError when there are too many.
        """
        background = BackgroundRun(run, self._store, self._slots, is_streamed=is_streamed)
        self._check_number(background.scope)
        self._runs[background.id] = background
        try:
            stored = await background.start(self._owner, self._upkeep.lease())
        except BaseException:
            del self._runs[background.id]
            raise
        task = asyncio.create_task(self._work(background))
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return stored

    def _check_number(self, scope: str) -> None:
        """Keep room for others: nobody may have them all."""
        num_own = sum(run.scope == scope for run in self._runs.values())
        for owner, number, limit in (
            ("This server", len(self._runs), self._settings.max_background),
            ("Your project", num_own, self._settings.max_background_per_project),
        ):
            if number >= limit:
                message = f"{owner} has {limit} background responses already, which is the limit. Try again later."
                raise TooManyRequestsError(message, param="background", code="rate_limit_exceeded")

    async def cancel(self, stored: StoredResponse) -> StoredResponse:
        """End a response wherever it is made, and return it as it is then; one that has ended stays as it is.

        Raises NotFoundError where it is deleted meanwhile.
        """
        if stored.status not in UNFINISHED:
            return stored
        await self._store.request_cancel(stored.scope, stored.id)
        self.end(stored.id)
        with suppress(TimeoutError):  # when whoever makes it is dead, its lease ends before that
            async with asyncio.timeout(2 * self._settings.lease_seconds):
                async with aclosing(self._changes(stored)) as changes:
                    async for _ in changes:
                        pass
        latest = await self._store.get(stored.scope, stored.id)
        if latest is None:
            raise _deleted(stored.id)
        return latest

    def end(self, response_id: str) -> None:
        """End a response that is made here, as cancelled."""
        if response_id in self._runs:
            self._runs[response_id].end()

    async def events(self, stored: StoredResponse) -> AsyncGenerator[JsonObject]:
        """Yield the canonical events of a response from its first, as long as it goes on.

        Raises InvalidRequestError, before any, for one whose events are not kept, and NotFoundError where it is deleted
        on the way.
        """
        num_events = 0
        async with aclosing(self._changes(stored)) as changes:
            async for _ in changes:
                events = await self._store.events(stored.scope, stored.id, num_events)
                num_events += len(events)
                if num_events == 0:
                    raise InvalidRequestError(NOT_STREAMED, param="stream", code="response_not_streamable")
                for event in events:
                    yield event
        ended = await self._store.get(stored.scope, stored.id)
        if ended is None:
            raise _deleted(stored.id)
        yield terminal_event(ended.body)

    async def _changes(self, stored: StoredResponse) -> AsyncGenerator[str]:
        """Yield a response's status, and again when there is news, until it has ended or is gone.

        The news is asked for before the database: what happens in between is not missed. The body and the items, which
        may be large, are not read for it.
        """
        while True:
            news = self._runs[stored.id].news if stored.id in self._runs else asyncio.Event()
            status = await self._store.status(stored.scope, stored.id)
            if status is not None:
                yield status
            if status not in UNFINISHED:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), LOOK_SECONDS)

    async def _work(self, run: BackgroundRun) -> None:
        try:
            await run.work()
        except Exception:
            log.exception("background response failed", response_id=run.id)
        finally:
            del self._runs[run.id]


def _deleted(response_id: str) -> NotFoundError:
    return NotFoundError(f"Response with id '{response_id}' was deleted.", code="response_not_found")


def background_of(connection: HTTPConnection) -> BackgroundRuns:
    """Return the background responses of the application that a request came to."""
    background: BackgroundRuns = connection.app.state.background
    return background
