"""What is remembered of the database, for how long, and who waits for what."""

import asyncio
from dataclasses import dataclass, field

import pytest

from ossian.errors import StorageError
from ossian.server.lookups import MAX_AGE, MAX_NUM_REMEMBERED, RENEWAL_AGE, Lookups


@dataclass
class World:
    """A database with values, each look of which can be held up, and a clock."""

    values: dict[str, object] = field(default_factory=dict)
    looked_for: list[str] = field(default_factory=list)
    is_away: bool = False
    now: float = 0.0
    gates: list[asyncio.Event] = field(default_factory=list)

    async def look(self, name: str) -> object | None:
        self.looked_for.append(name)
        found = self.values.get(name)
        if self.gates:
            await self.gates[len(self.looked_for) - 1].wait()
        if self.is_away:
            raise StorageError("away")
        return found

    def lookups(self) -> Lookups[object]:
        return Lookups(self.look, lambda: self.now)


async def soon() -> None:
    """Let the others run."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_was_found_is_remembered_for_a_moment() -> None:
    world = World({"a": "first"})
    lookups = world.lookups()
    assert await lookups.get("a") == "first"
    world.values["a"] = "second"
    world.now = MAX_AGE * 0.99
    assert await lookups.get("a") == "first"
    world.now = MAX_AGE
    assert await lookups.get("a") == "second"
    assert world.looked_for == ["a", "a"]


async def test_nobody_waits_for_what_is_looked_for_again_in_time() -> None:
    world = World({"a": "first"}, gates=[asyncio.Event(), asyncio.Event()])
    world.gates[0].set()
    lookups = world.lookups()
    await lookups.get("a")
    world.values["a"], world.now = "second", RENEWAL_AGE
    assert [await lookups.get("a") for _ in range(3)] == ["first"] * 3
    await soon()
    assert world.looked_for == ["a", "a"]
    world.gates[1].set()
    await soon()
    assert await lookups.get("a") == "second"


async def test_what_is_gone_when_it_is_looked_for_again_is_forgotten() -> None:
    world = World({"a": "found"})
    lookups = world.lookups()
    await lookups.get("a")
    del world.values["a"]
    world.now = RENEWAL_AGE
    await lookups.get("a")
    await soon()
    assert await lookups.get("a") is None


async def test_what_cannot_be_looked_for_again_is_remembered_to_its_end() -> None:
    world = World({"a": "found"})
    lookups = world.lookups()
    await lookups.get("a")
    world.is_away, world.now = True, RENEWAL_AGE
    assert await lookups.get("a") == "found"
    await soon()
    assert await lookups.get("a") == "found"
    world.now = MAX_AGE
    with pytest.raises(StorageError):
        await lookups.get("a")


async def test_what_was_not_found_is_not() -> None:
    """A key is valid as soon as it is made."""
    world = World()
    lookups = world.lookups()
    assert await lookups.get("a") is None
    world.values["a"] = "new"
    assert await lookups.get("a") == "new"


async def test_what_is_false_was_found() -> None:
    world = World({"a": False})
    lookups = world.lookups()
    assert [await lookups.get("a") for _ in range(3)] == [False] * 3
    assert world.looked_for == ["a"]


async def test_all_who_wait_for_the_same_share_one_look() -> None:
    world = World({"a": "found", "b": "other"})
    lookups = world.lookups()
    found = await asyncio.gather(*(lookups.get(name) for name in "aabaa"))
    assert found == ["found", "found", "other", "found", "found"]
    assert sorted(world.looked_for) == ["a", "b"]


async def test_whoever_leaves_the_others_are_told() -> None:
    world = World({"a": "found"}, gates=[asyncio.Event()])
    lookups = world.lookups()
    first, second = (asyncio.create_task(lookups.get("a")) for _ in range(2))
    await soon()
    first.cancel()
    world.gates[0].set()
    assert await second == "found"
    assert first.cancelled()
    assert world.looked_for == ["a"]


async def test_a_failure_is_told_to_all_and_not_remembered() -> None:
    world = World({"a": "found"}, is_away=True)
    lookups = world.lookups()
    failures = await asyncio.gather(lookups.get("a"), lookups.get("a"), return_exceptions=True)
    assert [type(failure) for failure in failures] == [StorageError, StorageError]
    world.is_away = False
    assert await lookups.get("a") == "found"


async def test_a_failure_that_nobody_waits_for_is_not_told_to_the_event_loop() -> None:
    world = World(is_away=True, gates=[asyncio.Event()])
    lookups = world.lookups()
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    waiting = asyncio.create_task(lookups.get("a"))
    await soon()
    waiting.cancel()
    world.gates[0].set()
    await lookups.aclose()
    await soon()
    assert told == []


async def test_what_is_forgotten_is_looked_for_again() -> None:
    world = World({"a": "first"})
    lookups = world.lookups()
    assert await lookups.get("a") == "first"
    world.values["a"] = "second"
    lookups.forget()
    assert await lookups.get("a") == "second"


async def test_what_was_looked_for_before_is_not_remembered_after() -> None:
    """It may have been read before the change that it is to be forgotten for."""
    world = World({"a": "old"}, gates=[asyncio.Event(), asyncio.Event()])
    lookups = world.lookups()
    before = asyncio.create_task(lookups.get("a"))
    await soon()
    world.values["a"] = "new"
    lookups.forget()
    after = asyncio.create_task(lookups.get("a"))
    await soon()
    world.gates[1].set()
    assert await after == "new"
    world.gates[0].set()
    assert await before == "old"
    await soon()
    assert await lookups.get("a") == "new"
    assert world.looked_for == ["a", "a"]


async def test_nobody_joins_a_look_that_takes_long() -> None:
    """What it finds could be older than what is remembered may be."""
    world = World({"a": "old"}, gates=[asyncio.Event(), asyncio.Event()])
    lookups = world.lookups()
    slow = asyncio.create_task(lookups.get("a"))
    await soon()
    world.values["a"], world.now = "new", MAX_AGE
    quick = asyncio.create_task(lookups.get("a"))
    await soon()
    for gate in world.gates:
        gate.set()
    assert (await slow, await quick) == ("old", "new")
    assert await lookups.get("a") == "new"


async def test_age_counts_from_when_it_was_looked_for() -> None:
    world = World({"a": "old"}, gates=[asyncio.Event()])
    lookups = world.lookups()
    waiting = asyncio.create_task(lookups.get("a"))
    await soon()
    world.now = MAX_AGE * 0.9
    world.gates[0].set()
    assert await waiting == "old"
    world.gates.clear()
    world.values["a"], world.now = "new", MAX_AGE * 1.1
    assert await lookups.get("a") == "new"


@pytest.mark.parametrize("num_names", [MAX_NUM_REMEMBERED + 10])
async def test_no_more_is_remembered_than_there_is_room_for(num_names: int) -> None:
    world = World({str(number): number for number in range(num_names)})
    lookups = world.lookups()
    for name in world.values:
        await lookups.get(name)
    assert await lookups.get(str(num_names - 1)) == num_names - 1
    assert len(world.looked_for) == num_names
    assert await lookups.get("0") == 0
    assert len(world.looked_for) == num_names + 1
