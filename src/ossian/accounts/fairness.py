"""Who goes first when not all can go at once: projects take turns.

A place that becomes free goes to the waiting project with the fewest requests running; of several, to the one that has
waited longest for its turn. Within a project, who came first goes first. Patient requests, those of batches, go only
when no other waits.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ossian.errors import EngineOverloadedError


class FairQueue:
    """Lets `max_num_running` requests run and `max_num_waiting` wait, shared fairly between projects.

    When no more can wait, it is a request of the project with the most waiting that is turned away, its newest: a burst
    costs only who sends it. Patient requests are never turned away, and do not count in a project's turns with others.
    """

    def __init__(self, max_num_running: int, max_num_waiting: int) -> None:
        self._max_num_running = max_num_running
        self._max_num_waiting = max_num_waiting
        self._eager = _Line()
        self._patient = _Line()

    @property
    def num_running(self) -> int:
        return self._eager.num_running + self._patient.num_running

    @property
    def num_waiting(self) -> int:
        """How many wait that are not patient."""
        return self._eager.num_waiting

    @property
    def num_patient(self) -> int:
        """How many wait that are patient."""
        return self._patient.num_waiting

    @asynccontextmanager
    async def place(self, project_id: str, *, is_patient: bool = False) -> AsyncIterator[None]:
        """Hold a place for one request, after waiting for it. Raises what `enter` raises."""
        await self.enter(project_id, is_patient=is_patient)
        try:
            yield
        finally:
            self.leave(project_id, is_patient=is_patient)

    @property
    def has_room(self) -> bool:
        """Whether the next request need not wait; then nobody waits."""
        return self.num_running < self._max_num_running

    async def enter(self, project_id: str, *, is_patient: bool = False) -> None:
        """Wait for a place and take it, until `leave`. Raises EngineOverloadedError when too many wait."""
        line = self._line(is_patient=is_patient)
        if self.has_room:
            line.take(project_id)
            return
        turn = line.add(project_id)
        if self.num_waiting > self._max_num_waiting:
            self._turn_away()
        try:
            await asyncio.shield(turn)  # so that it stays in the queue until it is taken out below
        except asyncio.CancelledError:
            self._give_up(line, project_id, turn)
            raise

    def leave(self, project_id: str, *, is_patient: bool = False) -> None:
        """Give a place to whose turn it is."""
        self._leave(self._line(is_patient=is_patient), project_id)

    def _line(self, *, is_patient: bool) -> "_Line":
        return self._patient if is_patient else self._eager

    def _leave(self, line: "_Line", project_id: str) -> None:
        line.free(project_id)
        next_line = self._eager if self._eager.num_waiting else self._patient
        if next_line.num_waiting:
            next_line.call_next()

    def _turn_away(self) -> None:
        self._eager.newest_of_most().set_exception(
            EngineOverloadedError(f"{self._max_num_waiting} requests are waiting, which is the limit. Try again later.")
        )

    def _give_up(self, line: "_Line", project_id: str, turn: "asyncio.Future[None]") -> None:
        """The caller left: while waiting, or at the very moment its turn came or it was turned away."""
        if not turn.done():
            line.remove(project_id, turn)
        elif turn.exception() is None:
            self._leave(line, project_id)


class _Line:
    """The requests of one kind: how many each project has running, and those that wait."""

    def __init__(self) -> None:
        self._running: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}  # in the order of turns; no project without requests

    @property
    def num_running(self) -> int:
        return self._running.total()

    @property
    def num_waiting(self) -> int:
        return sum(map(len, self._waiting.values()))

    def take(self, project_id: str) -> None:
        self._running[project_id] += 1

    def free(self, project_id: str) -> None:
        self._running[project_id] -= 1
        self._running += Counter()  # forgets the projects with none

    def add(self, project_id: str) -> "asyncio.Future[None]":
        """Let a request wait; the future is done when its turn comes."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(project_id, deque()).append(turn)
        return turn

    def call_next(self) -> None:
        """Let the next project's first request run."""
        next_id = min(self._waiting, key=lambda waiting_id: self._running[waiting_id])
        turns = self._waiting.pop(next_id)
        turns.popleft().set_result(None)
        self.take(next_id)
        if turns:
            self._waiting[next_id] = turns  # now the last in the order of turns

    def newest_of_most(self) -> "asyncio.Future[None]":
        """Take out the newest request of the project with the most; of several, of the one whose turn is furthest."""
        most_id = max(reversed(self._waiting), key=lambda waiting_id: len(self._waiting[waiting_id]))
        turn = self._waiting[most_id].pop()
        if not self._waiting[most_id]:
            del self._waiting[most_id]
        return turn

    def remove(self, project_id: str, turn: "asyncio.Future[None]") -> None:
        """Take out a request that waits no more."""
        turns = self._waiting[project_id]
        turns.remove(turn)
        if not turns:
            del self._waiting[project_id]
