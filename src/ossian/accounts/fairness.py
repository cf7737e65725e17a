"""Who goes first when not all can go at once: projects take turns.

A place that becomes free goes to the waiting project with the fewest requests running; of several, to the one that has
waited longest for its turn. Within a project, who came first goes first.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ossian.errors import EngineOverloadedError


class FairQueue:
    """Lets `max_num_running` requests run and `max_num_waiting` wait, shared fairly between projects.

    When no more can wait, it is a request of the project with the most waiting that is turned away, its newest: a burst
    costs only who sends it.
    """

    def __init__(self, max_num_running: int, max_num_waiting: int) -> None:
        self._max_num_running = max_num_running
        self._max_num_waiting = max_num_waiting
        self._running: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}  # in the order of turns; no project without requests

    @property
    def num_running(self) -> int:
        return self._running.total()

    @property
    def num_waiting(self) -> int:
        return sum(map(len, self._waiting.values()))

    @asynccontextmanager
    async def place(self, project_id: str) -> AsyncIterator[None]:
        """Hold a place for one request, after waiting for it. Raises what `enter` raises."""
        await self.enter(project_id)
        try:
            yield
        finally:
            self.leave(project_id)

    @property
    def has_room(self) -> bool:
        """Whether the next request need not wait; then nobody waits."""
        return self.num_running < self._max_num_running

    async def enter(self, project_id: str) -> None:
        """Wait for a place and take it, until `leave`. Raises EngineOverloadedError when too many wait."""
        if self.has_room:
            self._running[project_id] += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(project_id, deque()).append(turn)
        if self.num_waiting > self._max_num_waiting:
            self._turn_away()
        try:
            await asyncio.shield(turn)  # so that it stays in the queue until it is taken out below
        except asyncio.CancelledError:
            self._give_up(project_id, turn)
            raise

    def leave(self, project_id: str) -> None:
        """Give a place to whose turn it is."""
        self._running[project_id] -= 1
        self._running += Counter()  # forgets the projects with none
        if self._waiting:
            next_id = min(self._waiting, key=lambda waiting_id: self._running[waiting_id])
            turns = self._waiting.pop(next_id)
            turns.popleft().set_result(None)
            self._running[next_id] += 1
            if turns:
                self._waiting[next_id] = turns  # now the last in the order of turns

    def _turn_away(self) -> None:
        """Refuse the newest request of the project with the most; of several, of the one whose turn is furthest."""
        most_id = max(reversed(self._waiting), key=lambda waiting_id: len(self._waiting[waiting_id]))
        turn = self._waiting[most_id].pop()
        if not self._waiting[most_id]:
            del self._waiting[most_id]
        turn.set_exception(
            EngineOverloadedError(f"{self._max_num_waiting} requests are waiting, which is the limit. Try again later.")
        )

    def _give_up(self, project_id: str, turn: "asyncio.Future[None]") -> None:
        """The caller left: while waiting, or at the very moment its turn came or it was turned away."""
        if not turn.done():
            turns = self._waiting[project_id]
            turns.remove(turn)
            if not turns:
                del self._waiting[project_id]
        elif turn.exception() is None:
            self.leave(project_id)
