"""The embedded engine: the asyncio side of the step thread."""

import asyncio
import time
import weakref
from collections.abc import Callable
from collections.abc import Sequence as Items
from dataclasses import replace
from functools import partial
from typing import TypeVar

from ossian.engine.base import EngineInfo, EngineOutput, EngineRequest, EngineStats, FinishReason
from ossian.engine.embedded.admission import check_request
from ossian.engine.embedded.loop import EngineLoop, SequenceOutput
from ossian.engine.embedded.model_runner import ModelRunner
from ossian.engine.embedded.scheduler import Scheduler
from ossian.engine.embedded.sequence import Sequence
from ossian.engine.embedded.speculation import Speculation
from ossian.engine.embedded.stream import EmbeddedStream
from ossian.errors import EngineDeadError, EngineError, EngineOverloadedError

T = TypeVar("T")


class EmbeddedEngine:
    """Our own engine, in this process. Everything but `stats` and `check` is for one event loop."""

    def __init__(
        self,
        info: EngineInfo,
        scheduler: Scheduler,
        model_runner: ModelRunner,
        speculation: Speculation,
        *,
        max_num_waiting: int,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.info = info
        self.max_num_waiting = max_num_waiting
        self._scheduler = scheduler
        self._steps = EngineLoop(scheduler, model_runner, speculation, self._deliver, self._on_end, clock)
        self._streams: weakref.WeakValueDictionary[Sequence, EmbeddedStream] = weakref.WeakValueDictionary()
        self._event_loop: asyncio.AbstractEventLoop | None = None
        self._has_ended = asyncio.Event()
        self._error: BaseException | None = None  # of the step that failed

    def stats(self) -> EngineStats:
        stats = self._steps.stats
        return stats if self._has_ended.is_set() else replace(stats, num_waiting=self._steps.num_waiting)

    def check(self) -> None:
        if self._error is not None:
            raise EngineDeadError(f"a step of the engine failed ({type(self._error).__name__}); restart the server")
        if self._has_ended.is_set():
            raise EngineDeadError("the engine was stopped; start a new one")

    async def start(self) -> None:
        self._event_loop = asyncio.get_running_loop()
        self._steps.start()

    async def stop(self) -> None:
        """Abort what is running, and return when the step thread has ended."""
        if self._event_loop is not None:
            self._steps.stop()
            await self._has_ended.wait()
            self._steps.join()

    async def generate(self, request: EngineRequest) -> EmbeddedStream:
        self.check()
        check_request(request, self.info)
        # Who finds a place at the next step does not wait.
        num_places = max(0, self._scheduler.max_num_seqs - len(self._scheduler.running))
        if self._steps.num_waiting >= self.max_num_waiting + num_places:
            raise EngineOverloadedError(
                f"as many requests are waiting as may, which are {self.max_num_waiting} (engine.max_num_waiting); "
                "try again later"
            )
        sequence = Sequence(request, self.info.stop_token_ids, self.info.max_model_len)
        stream = EmbeddedStream(partial(self._steps.abort, sequence))
        self._streams[sequence] = stream
        self._steps.add(sequence)
        return stream

    def _deliver(self, outputs: Items[SequenceOutput]) -> None:
        if not self._call_soon(self._add, outputs):
            self._steps.stop()

    def _on_end(self, error: BaseException | None) -> None:
        self._call_soon(self._end, error)

    def _call_soon(self, function: Callable[[T], None], argument: T) -> bool:
        """Call a function in the event loop; returns False when that was closed, without stop(), meanwhile."""
        assert self._event_loop is not None
        try:
            self._event_loop.call_soon_threadsafe(function, argument)
        except RuntimeError:
            return False
        return True

    def _add(self, outputs: Items[SequenceOutput]) -> None:
        for sequence, output in outputs:
            stream = self._streams.get(sequence)
            if stream is not None:
                stream.add(output)

    def _end(self, error: BaseException | None) -> None:
        """The step thread has ended: tell every stream that still waits, however far its sequence came."""
        self._error = error
        self._has_ended.set()
        for stream in list(self._streams.values()):
            stream.add(EngineOutput((), finish_reason=FinishReason.ABORT) if error is None else _failure())


def _failure() -> EngineError:
    return EngineError("the engine failed while it computed this request; the server's log says why")
