import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.accounts.fairness import FairQueue
from ossian.errors import EngineOverloadedError


class Crowd:
    """Requests that run until they are told to end; `begun` has the names of those that began, in that order.

    The first letter of a name is its project; that of a patient one is a capital. Each `*` at its end is a place more.
    """

    def __init__(self, queue: FairQueue) -> None:
        self.queue = queue
        self.begun: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._ends: dict[str, asyncio.Event] = {}

    async def send(self, *names: str) -> None:
        for name in names:
            self._ends[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._run(name))
            await asyncio.sleep(0)

    async def end(self, *names: str) -> None:
        for name in names:
            self._ends[name].set()
            await self.tasks[name]
            await asyncio.sleep(0)

    async def _run(self, name: str) -> None:
        async with self.queue.place(name[0].lower(), 1 + name.count("*"), is_patient=name[0].isupper()):
            self.begun.append(name)
            await self._ends[name].wait()

    async def cancel(self, *names: str) -> None:
        for name in names:
            self.tasks[name].cancel()
        await asyncio.gather(*(self.tasks[name] for name in names), return_exceptions=True)


@asynccontextmanager
async def crowd(max_num_running: int, max_num_waiting: int = 100) -> AsyncIterator[Crowd]:
    """A crowd that leaves no place taken."""
    queue = FairQueue(max_num_running, max_num_waiting)
    found = Crowd(queue)
    yield found
    await found.cancel(*found.tasks)
    assert (queue.num_running, queue.num_waiting, queue.num_patient) == (0, 0, 0)


async def test_who_finds_a_place_does_not_wait() -> None:
    async with crowd(2) as requests:
        await requests.send("a1", "a2", "a3")
        assert requests.begun == ["a1", "a2"]
        assert (requests.queue.num_running, requests.queue.num_waiting) == (2, 1)
        await requests.end("a1")
        assert requests.begun == ["a1", "a2", "a3"]


async def test_a_burst_of_one_project_does_not_starve_another() -> None:
    async with crowd(2) as requests:
        await requests.send(*(f"a{number}" for number in range(50)), "b0")
        await requests.end("a0")
        assert requests.begun == ["a0", "a1", "b0"]


async def test_places_are_shared_between_who_waits() -> None:
    async with crowd(4) as requests:
        await requests.send(*(f"a{number}" for number in range(10)), *(f"b{number}" for number in range(10)))
        await requests.end("a0", "a1", "a2", "a3")
        running = Counter(name[0] for name in requests.begun[4:])
        assert running == {"a": 2, "b": 2}


async def test_projects_with_as_many_running_take_turns() -> None:
    async with crowd(1) as requests:
        await requests.send("x0", "a0", "a1", "b0", "b1", "c0")
        for name in ("x0", "a0", "b0", "c0", "a1"):
            await requests.end(name)
        assert requests.begun == ["x0", "a0", "b0", "c0", "a1", "b1"]


async def test_a_request_of_many_answers_takes_as_many_places() -> None:
    async with crowd(2) as requests:
        await requests.send("a0***", "a1", "b0", "b1", "c0")
        assert requests.begun == ["a0***"]
        assert (requests.queue.num_running, requests.queue.num_waiting) == (1, 4)
        await requests.end("a0***")
        assert requests.begun == ["a0***", "a1", "b0"]


async def test_it_need_not_wait_until_there_is_room_for_all_of_it() -> None:
    async with crowd(2) as requests:
        await requests.send("x0", "a0***", "b0", "c0")
        assert requests.begun == ["x0", "a0***"]
        await requests.end("x0")
        assert requests.begun == ["x0", "a0***"], "there are four in two places"
        await requests.end("a0***")
        assert requests.begun == ["x0", "a0***", "b0", "c0"]


async def test_who_has_the_fewest_answers_running_goes_first() -> None:
    async with crowd(5) as requests:
        await requests.send("a0**", "b0", "x0", "a1", "b1")
        await requests.end("x0")
        assert requests.begun == ["a0**", "b0", "x0", "b1"]


async def test_when_no_more_can_wait_the_burst_is_turned_away() -> None:
    async with crowd(1, max_num_waiting=3) as requests:
        await requests.send("x0", "a0", "a1", "a2", "b0")
        with pytest.raises(EngineOverloadedError, match="3 requests are waiting, which is the limit"):
            await requests.tasks["a2"]
        assert not requests.tasks["b0"].done()
        await requests.send("a3")
        with pytest.raises(EngineOverloadedError):
            await requests.tasks["a3"]
        assert requests.queue.num_waiting == 3


async def test_where_nobody_may_wait_who_comes_too_late_is_turned_away() -> None:
    async with crowd(1, max_num_waiting=0) as requests:
        await requests.send("a0", "b0")
        with pytest.raises(EngineOverloadedError):
            await requests.tasks["b0"]
        await requests.end("a0")
        await requests.send("b1")
        assert requests.begun == ["a0", "b1"]


async def test_who_leaves_while_waiting_loses_his_turn() -> None:
    async with crowd(1) as requests:
        await requests.send("x0", "a0", "a1", "b0")
        await requests.cancel("a0", "b0")
        assert requests.queue.num_waiting == 1
        await requests.end("x0")
        assert requests.begun == ["x0", "a1"]


async def test_who_leaves_when_his_turn_comes_passes_it_on() -> None:
    async with crowd(1) as requests:
        await requests.send("x0", "a0", "b0")
        requests._ends["x0"].set()
        await requests.tasks["x0"]  # a0 has the place, and has not run yet
        assert requests.begun == ["x0"]
        await requests.cancel("a0")
        await asyncio.sleep(0)
        assert requests.begun == ["x0", "b0"]


async def test_who_leaves_when_he_is_turned_away_takes_nothing_with_him() -> None:
    async with crowd(1, max_num_waiting=2) as requests:
        await requests.send("x0", "a0", "a1", "b0")  # a1 is turned away, and has not run yet
        assert not requests.tasks["a1"].done()
        await requests.cancel("a1")
        assert (requests.queue.num_running, requests.queue.num_waiting) == (1, 2)


async def test_when_all_leave_at_once_nothing_is_left_behind() -> None:
    async with crowd(2, max_num_waiting=4) as requests:
        await requests.send("a0", "b0", "a1", "b1", "a2", "b2")
        await requests.cancel("a0", "a1", "a2", "b0", "b1", "b2")
        assert requests.queue.num_running == 0
        await requests.send("c0")
        assert requests.begun[-1] == "c0"


async def test_the_patient_go_when_nobody_else_waits() -> None:
    async with crowd(1) as requests:
        await requests.send("x0", "A0", "B0", "a1", "b1")
        assert (requests.queue.num_waiting, requests.queue.num_patient) == (2, 2)
        for name in ("x0", "a1", "b1", "A0"):
            await requests.end(name)
        assert requests.begun == ["x0", "a1", "b1", "A0", "B0"]


async def test_the_patient_find_free_places_too() -> None:
    async with crowd(2) as requests:
        await requests.send("A0", "A1", "A2", "b0")
        assert requests.begun == ["A0", "A1"]
        await requests.end("A0")
        assert requests.begun == ["A0", "A1", "b0"]


async def test_the_patient_are_not_turned_away_and_turn_nobody_away() -> None:
    async with crowd(1, max_num_waiting=1) as requests:
        await requests.send("x0", "A0", "A1", "A2", "b0")
        assert requests.begun == ["x0"]
        assert not any(task.done() for task in requests.tasks.values())


async def test_the_patient_take_turns_by_project_and_cost_no_turn_with_others() -> None:
    async with crowd(3) as requests:
        await requests.send("A0", "A1", "b0", "A2", "A3", "C0", "a1", "b1")
        await requests.end("b0")  # a has two patient requests running, and is served like b
        assert requests.begun[3:] == ["a1"]
        await requests.end("a1", "A0", "A1")
        assert requests.begun[3:] == ["a1", "b1", "C0", "A2"]


async def test_a_patient_one_that_leaves_loses_his_turn() -> None:
    async with crowd(1) as requests:
        await requests.send("x0", "A0", "B0")
        await requests.cancel("A0")
        await requests.end("x0")
        assert requests.begun == ["x0", "B0"]


async def test_a_request_that_fails_leaves_its_place() -> None:
    queue = FairQueue(1, 1)
    with pytest.raises(ZeroDivisionError):
        async with queue.place("a"):
            raise ZeroDivisionError
    assert queue.num_running == 0


@given(st.lists(st.sampled_from("abc"), max_size=40), st.integers(1, 4))
def test_all_are_served_and_never_too_many_at_once(projects: list[str], max_num_running: int) -> None:
    most, served = 0, 0

    async def client(queue: FairQueue, project: str) -> None:
        nonlocal most, served
        async with queue.place(project):
            most = max(most, queue.num_running)
            await asyncio.sleep(0)
            served += 1

    async def serve() -> None:
        queue = FairQueue(max_num_running, len(projects))
        await asyncio.gather(*(client(queue, project) for project in projects))
        assert (queue.num_running, queue.num_waiting) == (0, 0)

    asyncio.run(serve())
    assert served == len(projects)
    assert most == min(max_num_running, len(projects))


ACTIONS = st.lists(st.tuples(st.sampled_from(["send", "end", "cancel"]), st.sampled_from("abcAB")), max_size=40)


@given(ACTIONS, st.integers(1, 3), st.integers(0, 4))
def test_whoever_comes_and_leaves_no_place_is_lost(
    actions: list[tuple[str, str]], max_num_running: int, max_num_waiting: int
) -> None:
    async def act() -> None:
        async with crowd(max_num_running, max_num_waiting) as requests:
            for number, (action, project) in enumerate(actions):
                present = [name for name, task in requests.tasks.items() if not task.done() and name[0] == project]
                if action == "send":
                    await requests.send(f"{project}{number}{'*' * (number % 3)}")
                elif action == "cancel" and present:
                    await requests.cancel(present[-1])
                elif present and present[0] in requests.begun:
                    await requests.end(present[0])
                await asyncio.sleep(0)
                queue = requests.queue
                assert queue.num_running <= max_num_running
                assert queue.num_waiting <= max_num_waiting
                assert queue.num_waiting + queue.num_patient == 0 or not queue.has_room
            turned_away = [task for task in requests.tasks.values() if task.done() and not task.cancelled()]
            assert all(isinstance(task.exception(), EngineOverloadedError | None) for task in turned_away)

    asyncio.run(act())
