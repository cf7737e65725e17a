"""The asyncio side of one sequence: outputs wait here until they are read."""

import asyncio
import weakref
from collections import deque
from collections.abc import Callable

from ossian.engine.base import EngineOutput
from ossian.errors import EngineError


class EmbeddedStream:
    """The outputs of one admitted request.

    `abort` is called when it is closed, cancelled or dropped before its last output.
    """

    def __init__(self, abort: Callable[[], None]) -> None:
        self._outputs: deque[EngineOutput | EngineError] = deque()
        self._has_output = asyncio.Event()
        self._is_ended = False  # nothing will be added
        self._abort = weakref.finalize(self, abort)
        self._abort.atexit = False

    def __aiter__(self) -> "EmbeddedStream":
        return self

    async def __anext__(self) -> EngineOutput:
        while not self._outputs:
            if self._is_ended:
                raise StopAsyncIteration
            await self._wait()
        output = self._outputs.popleft()
        if isinstance(output, EngineError):
            raise output
        return output

    async def aclose(self) -> None:
        self._close()

    def add(self, output: EngineOutput | EngineError) -> None:
        """Add an output of the sequence; nothing happens when the stream was closed meanwhile."""
        if self._is_ended:
            return
        self._outputs.append(output)
        if isinstance(output, EngineError) or output.finish_reason is not None:
            self._is_ended = True
            self._abort.detach()
        self._has_output.set()

    async def _wait(self) -> None:
        self._has_output.clear()
        try:
            await self._has_output.wait()
        except asyncio.CancelledError:
            self._close()
            raise

    def _close(self) -> None:
        self._abort()  # at most once, and not after the last output
        self._outputs.clear()
        self._is_ended = True
        self._has_output.set()
