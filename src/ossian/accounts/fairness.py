"""Who goes first when not all can go at once: projects take turns.

A place that becomes free goes to the waiting project with the fewest places taken; of several, to the one that has
waited longest for its turn. Within a project, who came first goes first. Patient requests, those of batches, go only
when no other waits.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ossian.errors import EngineOverloadedError


class FairQueue:
    """Lets requests run in `max_num_running` places and `max_num_waiting` wait, shared fairly between projects.

    A request takes as many places as it has answers, and begins when any is free: one of many answers may pass the
    number, but none begins after it until there is room again.

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
    async def place(self, project_id: str, num_places: int = 1, *, is_patient: bool = False) -> AsyncIterator[None]:
        """Hold the places of one request, after waiting for them. Raises what `enter` raises."""
        await self.enter(project_id, num_places, is_patient=is_patient)
        try:
            yield
        finally:
            self.leave(project_id, num_places, is_patient=is_patient)

    @property
    def has_room(self) -> bool:
        """Whether the next request need not wait; then nobody waits."""
        return self._eager.num_taken + self._patient.num_taken < self._max_num_running

    async def enter(self, project_id: str, num_places: int = 1, *, is_patient: bool = False) -> None:
        """Wait for places and take them, until `leave`. Raises EngineOverloadedError when too many wait."""
        line = self._line(is_patient=is_patient)
        if self.has_room:
            line.take(project_id, num_places)
            return
        turn = line.add(project_id, num_places)
        if self.num_waiting > self._max_num_waiting:
            self._turn_away()
        try:
            await asyncio.shield(turn.came)  # so that it stays in the queue until it is taken out below
        except asyncio.CancelledError:
            self._give_up(line, project_id, turn)
            raise

    def leave(self, project_id: str, num_places: int = 1, *, is_patient: bool = False) -> None:
        """Give the places to whose turn it is."""
        self._leave(self._line(is_patient=is_patient), project_id, num_places)

    def _line(self, *, is_patient: bool) -> "_Line":
        return self._patient if is_patient else self._eager

    def _leave(self, line: "_Line", project_id: str, num_places: int) -> None:
        line.free(project_id, num_places)
        while self.has_room and (self.num_waiting or self.num_patient):
            (self._eager if self.num_waiting else self._patient).call_next()

    def _turn_away(self) -> None:
        self._eager.newest_of_most().came.set_exception(
            EngineOverloadedError(f"{self._max_num_waiting} requests are waiting, which is the limit. Try again later.")
        )

    def _give_up(self, line: "_Line", project_id: str, turn: "_Turn") -> None:
        """The caller left: while waiting, or at the very moment its turn came or it was turned away."""
        if not turn.came.done():
            line.remove(project_id, turn)
        elif turn.came.exception() is None:
            self._leave(line, project_id, turn.num_places)


@dataclass(frozen=True, slots=True, eq=False)
class _Turn:
    """A request that waits; `came` is done when it may run."""

    came: "asyncio.Future[None]"
    num_places: int


class _Line:
    """The requests of one kind: those that run, with the places that each project has taken, and those that wait."""

    def __init__(self) -> None:
        self.num_running = 0
        self._taken: Counter[str] = Counter()
        self._waiting: dict[str, deque[_Turn]] = {}  # in the order of turns; no project without requests

    @property
    def num_taken(self) -> int:
        return self._taken.total()

    @property
    def num_waiting(self) -> int:
        return sum(map(len, self._waiting.values()))

    def take(self, project_id: str, num_places: int) -> None:
        self.num_running += 1
        self._taken[project_id] += num_places

    def free(self, project_id: str, num_places: int) -> None:
        self.num_running -= 1
        self._taken[project_id] -= num_places
        self._taken += Counter()  # forgets the projects with none

    def add(self, project_id: str, num_places: int) -> _Turn:
        """Let a request wait."""
        turn = _Turn(asyncio.get_running_loop().create_future(), num_places)
        self._waiting.setdefault(project_id, deque()).append(turn)
        return turn

    def call_next(self) -> None:
        """Let the next project's first request run."""
        next_id = min(self._waiting, key=lambda waiting_id: self._taken[waiting_id])
        turns = self._waiting.pop(next_id)
        turn = turns.popleft()
        turn.came.set_result(None)
        self.take(next_id, turn.num_places)
        if turns:
            self._waiting[next_id] = turns  # now the last in the order of turns

    def newest_of_most(self) -> _Turn:
        """Take out the newest request of the project with the most; of several, of the one whose turn is furthest."""
        most_id = max(reversed(self._waiting), key=lambda waiting_id: len(self._waiting[waiting_id]))
        turn = self._waiting[most_id].pop()
        if not self._waiting[most_id]:
            del self._waiting[most_id]
        return turn

    def remove(self, project_id: str, turn: _Turn) -> None:
        """Take out a request that waits no more."""
        turns = self._waiting[project_id]
        turns.remove(turn)
        if not turns:
            del self._waiting[project_id]
