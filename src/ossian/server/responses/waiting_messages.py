"""What a client said on its WebSocket and has not been answered yet."""

from asyncio import Queue
from typing import Final

from ossian.errors import TooManyRequestsError

MAX_NUM_WAITING: Final = 16


class WaitingMessages:
    """Messages that wait for the response in flight to end: at most MAX_NUM_WAITING, of `max_bytes` together.

    `put` never waits, so that whoever reads a connection also sees its end.
    """

    def __init__(self, max_bytes: int) -> None:
        self._queue: Queue[bytes | None] = Queue()
        self._max_bytes = max_bytes
        self._num_bytes = 0
        self._has_ended = False

    def put(self, message: bytes) -> None:
        """Add a message. Raises TooManyRequestsError when there is no room; for a single one there always is."""
        num_waiting = self._queue.qsize()
        num_bytes = self._num_bytes + len(message)
        if num_waiting and (num_waiting >= MAX_NUM_WAITING or num_bytes > self._max_bytes):
            raise TooManyRequestsError(
                f"{num_waiting} messages of {self._num_bytes} bytes wait for the response in flight on this "
                f"connection; {MAX_NUM_WAITING} messages and {self._max_bytes} bytes are the most. Send this one again "
                "later, or on another connection.",
                code="too_many_waiting_messages",
            )
        self._num_bytes = num_bytes
        self._queue.put_nowait(message)

    def end(self) -> None:
        """Give out no more messages."""
        self._has_ended = True
        self._queue.put_nowait(None)  # wakes who waits for one

    async def get(self) -> bytes | None:
        """Return the next message, None from the end on."""
        message = await self._queue.get()
        if message is None or self._has_ended:
            return None
        self._num_bytes -= len(message)
        return message
