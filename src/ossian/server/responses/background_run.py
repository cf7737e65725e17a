"""One background response: its turn is read by a task, and written to the database in batches by another.

Whoever follows it reads the database, in this process or another: what a client has seen of a stream is on disk, so
that it can go on from there whatever happens here.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import aclosing
from typing import Final

import structlog

from ossian.accounts.fairness import FairQueue
from ossian.api.fields import JsonObject
from ossian.errors import EngineError, EngineOverloadedError
from ossian.server.responses.run import ResponseRun, is_terminal
from ossian.storage.records import StoredResponse
from ossian.storage.responses import ResponseStore

BATCH_SECONDS: Final = 0.05  # between two writes of the log; a write is a sync of the disk
RETRY_SECONDS: Final = 1.0  # until the engine's queue, or the database, is asked again

log = structlog.get_logger()

Ending = Callable[[], Iterator[JsonObject]]


class BackgroundRun:
    """Makes one response when there is a slot for it. `is_streamed`: its events are kept, to be followed."""

    def __init__(self, run: ResponseRun, store: ResponseStore, slots: FairQueue, *, is_streamed: bool) -> None:
        self.id: str = run.prepared.body["id"]
        self.scope = run.prepared.caller.scope
        self.is_running = False  # it has a slot
        self.news = asyncio.Event()  # set, and replaced by the next one, when the database has more of it
        self._run = run
        self._store = store
        self._slots = slots
        self._is_streamed = is_streamed
        self._is_abandoned = False
        self._waiting: list[JsonObject] = []  # events for the next batch
        self._num_logged = 0
        self._terminal: JsonObject | None = None
        self._ending: Ending = self._broken_off
        self._changed = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None

    @property
    def is_started(self) -> bool:
        """Whether it is stored as its server's."""
        return self._reader is not None

    async def start(self, owner: str, lease_expires_at: float) -> StoredResponse:
        """Store the response as queued, and return it."""
        for event in self._run.queue():
            self._put(event)
        stored = self._run.record(self._run.response)
        if not await self._store.start(stored, owner, lease_expires_at):
            raise EngineError(f"There is a response with the id '{self.id}' already.")
        await self._log()
        self._run.prepared.meter.outlives_request = True
        self._reader = asyncio.create_task(self._read())
        self._reader.add_done_callback(lambda _reader: self._changed.set())
        return stored

    async def work(self) -> None:
        """Make the response, to its end. `start` came before."""
        assert self._reader is not None
        try:
            body = await self._made(self._reader)
        finally:
            await self._run.close_meter()
        await self._finish(body)

    def end(self, ending: Ending | None = None) -> None:
        """End the run as soon as may be: as cancelled, or as `ending` says. One that has ended stays as it is."""
        if self._reader is not None and not self._reader.done():
            self._ending = ending or self._run.cancellation
            self._reader.cancel()

    def abandon(self, error: Exception) -> None:
        """End the run because this process ends; if even that cannot be stored, its lease will tell."""
        self._is_abandoned = True
        self.end(lambda: self._run.failure(error))

    async def _read(self) -> None:
        async with self._slots.place(self.scope):
            self.is_running = True
            await self._admit()
            if not await self._store.begin(self._run.record(self._run.response | {"status": "in_progress"})):
                raise EngineError("The run was ended by another server.")
            self._tell()
            async with aclosing(self._run.unstored_events()) as events:
                async for event in events:
                    self._put(event)

    async def _admit(self) -> None:
        """Wait for the engine's own queue as well; what else it raises ends the run when it is asked again."""
        while True:
            try:
                return await self._run.admit()
            except EngineOverloadedError:
                await asyncio.sleep(RETRY_SECONDS)
            except Exception:
                return

    def _put(self, event: JsonObject) -> None:
        if is_terminal(event):
            self._terminal = event
        elif self._is_streamed:
            self._waiting.append(event)
        self._changed.set()

    async def _log_as_it_comes(self, reader: "asyncio.Task[None]") -> None:
        while not reader.done():
            await self._changed.wait()
            self._changed.clear()
            await self._log()
            await asyncio.sleep(BATCH_SECONDS)

    async def _log(self) -> None:
        events = list(self._waiting)
        if events:
            if not await self._store.append_events(self.id, self._num_logged, events):
                self.end()  # it was deleted, or another server took this one for dead
            self._num_logged += len(events)
            del self._waiting[: len(events)]
            self._tell()

    async def _made(self, reader: "asyncio.Task[None]") -> JsonObject:
        """Return the response as it ended: by itself, or as somebody wanted."""
        try:
            await self._log_as_it_comes(reader)
        except Exception as error:
            failure = error  # the name of a caught exception ends with its block
            self.end(lambda: self._run.failure(failure))
        await asyncio.gather(reader, return_exceptions=True)
        await self._run.aclose()
        if self._terminal is None:
            for event in self._ending():
                self._put(event)
        assert self._terminal is not None
        return self._run.debugged(self._terminal["response"])

    async def _finish(self, body: JsonObject) -> None:
        """Store the end. While the database is away, what came out of the run waits here."""
        while not await self._is_stored(body) and not self._is_abandoned:
            await asyncio.sleep(RETRY_SECONDS)
        self._tell()

    def _broken_off(self) -> Iterator[JsonObject]:
        """The end of a run that nobody ended and that has no end of its own: the database did not let it begin."""
        assert self._reader is not None
        failure = self._reader.exception()
        return self._run.failure(failure if isinstance(failure, Exception) else EngineError("The run broke off."))

    async def _is_stored(self, body: JsonObject) -> bool:
        try:
            await self._log()
            await self._run.finish(body)
        except Exception:
            log.exception("background response could not be stored", response_id=self.id)
            return False
        return True

    def _tell(self) -> None:
        self.news.set()
        self.news = asyncio.Event()
