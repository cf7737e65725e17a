"""One batch: its file is looked at, its lines are made, its results are written.

Each step is in the database before the next one, so that another server can go on from any of them.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from typing import Final, TypeVar

from ossian.accounts.callers import Caller
from ossian.api.batches.batch import moved, with_errors
from ossian.api.batches.input_check import InputCheck
from ossian.api.batches.lines import InputLine
from ossian.api.batches.requests import LineReading, LineRequest
from ossian.api.batches.results import answer_line, usage_in
from ossian.api.fields import JsonObject
from ossian.errors import OssianError, RequestError, StorageError
from ossian.server.batches.asking import Answer, Line, ask
from ossian.server.batches.endings import CANCELLED, COMPLETED, Ending, failed, refused
from ossian.server.batches.input_lines import input_lines
from ossian.server.batches.result_files import ResultFiles
from ossian.server.batches.tools import BatchTools
from ossian.server.service import LARGE_BODY
from ossian.storage.file_records import StoredBatch, StoredFile, StoredResult, Tally

FIRST_DELAY_SECONDS: Final = 1.0  # until a line that met 429 or 503 is tried again; twice as long each time
MAX_DELAY_SECONDS: Final = 60.0
RETRY_SECONDS: Final = 1.0  # while the database is away

ResultT = TypeVar("ResultT")


class LostError(OssianError):
    """Another server has the batch."""


class BatchRun:
    """Runs one batch, from the state that it is in to its end."""

    def __init__(self, batch: StoredBatch, tools: BatchTools) -> None:
        self.batch = batch
        self.is_over = False
        self._tools = tools
        self._reading = LineReading(batch.body["endpoint"], tools.max_line_bytes, tools.ignore_unknown)
        self._ending: Ending | None = CANCELLED if batch.status == "cancelling" else None
        self._making: asyncio.Task[None] | None = None
        self._room = asyncio.Semaphore(max(1, tools.settings.max_running))  # for lines in the works
        self._check_turn = tools.check_turns.of(batch.scope)
        self._turn = tools.turns.of(batch.scope)

    def end(self, ending: Ending) -> None:
        """End the batch as soon as may be; one that ends already goes on with that."""
        if self._ending is None:
            self._ending = ending
            if self._making is not None:
                self._making.cancel()

    async def work(self) -> None:
        """Run the batch. Raises LostError when another server has it, StorageError when the database is away."""
        if self._ending is None and self.batch.status != "finalizing":
            await self._make_until_ended()
        await self.finish(self._ending or COMPLETED)

    async def finish(self, ending: Ending) -> None:
        """Write the results that there are, and end the batch. Raises what `work` does."""
        while not await self._finished(ending):
            ending = await self._overruled()
        self.is_over = True
        with suppress(StorageError):  # what is left is erased within the hour
            await self._tools.batches.purge()

    async def _make_until_ended(self) -> None:
        making = self._making = asyncio.create_task(self._make())
        try:
            await asyncio.wait((making,))
        finally:
            making.cancel()
            await asyncio.gather(making, return_exceptions=True)
        error = None if making.cancelled() else making.exception()
        if isinstance(error, RequestError):
            self.end(refused(error))
        elif error is not None:
            raise error

    async def _make(self) -> None:
        if self.batch.status == "validating":
            async with self._check_turn:
                await self._validate()
        if self._ending is None:
            async with self._turn:
                await self._make_lines()

    async def _make_lines(self) -> None:
        caller = await self._tools.callers.find(self.batch.caller)
        done = await self._tools.batches.done_lines(self.batch.id)
        interruption: StorageError | None = None
        try:
            async with asyncio.TaskGroup() as group:
                try:
                    async for lines in self._lines():
                        for line in lines:
                            if line.number not in done:
                                await self._room.acquire()
                                group.create_task(self._make_line(line, caller))
                except StorageError as error:
                    interruption = error  # what is being made is made to its end
        except BaseExceptionGroup as errors:
            raise _first(errors) from None
        if interruption is not None:
            raise interruption

    async def _validate(self) -> None:
        check = InputCheck(self._reading, self._tools.settings.max_lines)
        async for lines in self._lines():
            await asyncio.to_thread(_note, check, lines)
            if check.is_over:
                break
        else:
            check.close()
        if check.faults:
            self._ending = failed(check.faults)
        elif not await self._moved("in_progress", ("validating",), check.num_lines, model=check.model):
            self._ending = await self._overruled()

    async def _make_line(self, line: InputLine, caller: Caller) -> None:
        try:
            request = await self._read(line)
            answer = await self._answer(request, caller)
            result_id = self._tools.new_id("batch_req_")
            request_id = answer.headers.get("x-request-id", "")
            text = answer_line(result_id, request.custom_id, answer.status, request_id, answer.body)
            is_error = answer.status != 200
            await self._store(StoredResult(line.number, is_error, text, _tally(answer.body, is_error=is_error)))
        finally:
            self._room.release()

    async def _read(self, line: InputLine) -> LineRequest:
        is_large = line.text is not None and len(line.text) > LARGE_BODY
        return await asyncio.to_thread(self._reading.request, line) if is_large else self._reading.request(line)

    async def _answer(self, request: LineRequest, caller: Caller) -> Answer:
        """Ask until there is an answer that will not be another one later."""
        delay = FIRST_DELAY_SECONDS
        while True:
            async with self._tools.places.place(self.batch.scope, self._tools.model_of(request.model)):
                caller = await self._renewed(caller)
                asked = Line(self._tools.new_id("req_"), caller, self.batch.id)
                answer = await ask(self._tools.app, self._reading.endpoint, request.body, asked)
            if not answer.is_passing:
                self._tools.metrics.batch_lines.labels("completed" if answer.status == 200 else "failed").inc()
                return answer
            self._tools.metrics.batch_lines.labels("retried").inc()
            await asyncio.sleep(min(max(delay, answer.retry_after or 0.0), MAX_DELAY_SECONDS))
            delay = min(2 * delay, MAX_DELAY_SECONDS)

    async def _renewed(self, caller: Caller) -> Caller:
        """Look a caller up again. While the database is away it waits: an error would end the batch's other lines."""
        while True:
            with suppress(StorageError):
                return await self._tools.callers.renewed(caller)
            await asyncio.sleep(RETRY_SECONDS)

    async def _store(self, result: StoredResult) -> None:
        """Store a result. While the database is away it waits: made again, it would be charged again."""
        while True:
            with suppress(StorageError):
                # Who cancels this waits for it: the result shall be among those that the batch ends with.
                if await _to_its_end(self._tools.batches.add_result(self._tools.owner, self.batch.id, result)):
                    return
                raise self._lost()
            await asyncio.sleep(RETRY_SECONDS)

    async def _finished(self, ending: Ending) -> bool:
        """Write the results and end the batch so; False, and nothing is written, when it is in another state."""
        is_ready = ending is not COMPLETED or self.batch.status == "finalizing"
        if not is_ready and not await self._moved("finalizing", ("in_progress",)):
            return False
        results = ResultFiles(self._tools, self.batch)
        is_finished = False
        try:
            await results.write(self._reading, ending)
            is_finished = await self._ended(ending, await results.close(), results.num_unmade)
        finally:
            if not is_finished:
                await asyncio.shield(results.discard())
        return is_finished

    async def _ended(self, ending: Ending, files: dict[str, StoredFile], num_unmade: int) -> bool:
        now = self._tools.now()
        ids = {f"{kind}_file_id": file.id for kind, file in files.items()}

        def change(body: JsonObject) -> JsonObject:
            ended = moved(body, ending.status, now, **ids)
            return with_errors(ended, ending.faults) if ending.faults else ended

        store, written, owner = self._tools.batches, list(files.values()), self._tools.owner
        finishing = store.finish(owner, self.batch.id, ending.from_statuses, change, written, num_unmade)
        return await _to_its_end(finishing) is not None

    async def _moved(
        self, status: str, from_statuses: tuple[str, ...], num_lines: int | None = None, **fields: str | None
    ) -> bool:
        """Bring the batch into another state. False when it is in none of these."""
        now = self._tools.now()
        change = lambda body: moved(body, status, now, **fields)
        store = self._tools.batches
        batch = await store.change(self._tools.owner, self.batch.id, from_statuses, change, num_lines)
        if batch is not None:
            self.batch = batch
        return batch is not None

    async def _overruled(self) -> Ending:
        """Return how the batch ends that is in another state than we knew. Raises LostError when it is not ours."""
        status = (await self._tools.batches.statuses(self._tools.owner)).get(self.batch.id)
        if status != "cancelling":
            raise self._lost()
        return CANCELLED

    def _lost(self) -> LostError:
        return LostError(f"Another server runs the batch {self.batch.id}.")

    def _lines(self) -> AsyncIterator[list[InputLine]]:
        return input_lines(self._tools.files, self.batch.input_file_id, self._tools.max_line_bytes)


def _note(check: InputCheck, lines: list[InputLine]) -> None:
    for line in lines:
        if check.is_over:
            return
        check.note(line)


def _tally(body: bytes, *, is_error: bool) -> Tally:
    usage = usage_in(body)
    return Tally(
        num_completed=int(not is_error),
        num_failed=int(is_error),
        num_prompt_tokens=usage.num_prompt_tokens,
        num_cached_tokens=usage.num_cached_tokens,
        num_completion_tokens=usage.num_completion_tokens,
        num_reasoning_tokens=usage.num_reasoning_tokens,
    )


async def _to_its_end(work: Awaitable[ResultT]) -> ResultT:
    """Wait for work that goes on when its caller is cancelled; the caller then ends only after it."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.gather(task, return_exceptions=True)
        raise


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    error = errors.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
