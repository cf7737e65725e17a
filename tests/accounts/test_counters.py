"""Counters in memory and in a Redis do the same; those in a Redis are tested where there is one."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.accounts.counters import Counters, MemoryCounters, RedisCounters, counters_at
from ossian.errors import ConfigurationError, StorageError

AMOUNTS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(-5, 5)))


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_a_counter_begins_at_0_and_adds_up(counters: Counters) -> None:
    assert await counters.get("a") == 0
    assert await counters.incr("a", 60) == 1
    assert await counters.incr("a", 60, 10) == 11
    assert await counters.incr("a", 60, -12) == -1
    assert await counters.get("a") == -1
    assert await counters.get("b") == 0


async def test_counters_are_exact_when_many_use_them_at_once(counters: Counters) -> None:
    seen = await asyncio.gather(*(counters.incr("a", 60) for _ in range(200)))
    assert sorted(seen) == list(range(1, 201))


async def test_names_may_have_any_characters(counters: Counters) -> None:
    names = ["a b", "ä/%", "{a}", "a*", "a\n"]
    for number, name in enumerate(names):
        assert await counters.incr(name, 60, number + 1) == number + 1
    assert [await counters.get(name) for name in names] == [1, 2, 3, 4, 5]


async def test_a_counter_vanishes_when_its_time_is_over() -> None:
    clock = Clock()
    counters = MemoryCounters(clock)
    await counters.incr("a", 60)
    clock.now += 59.9
    assert await counters.incr("a", 60) == 2
    clock.now += 0.1
    assert await counters.get("a") == 0
    assert await counters.incr("a", 60) == 1


async def test_only_counters_that_still_count_take_memory() -> None:
    clock = Clock()
    counters = MemoryCounters(clock)
    for number in range(1000):
        await counters.incr(str(number), 10 if number % 2 else 20)
    assert len(counters) == 1000
    clock.now += 10
    await counters.incr("another", 10)
    assert len(counters) == 501
    clock.now += 10
    await counters.get("another")
    assert len(counters) == 0


@given(AMOUNTS)
def test_counters_in_memory_are_sums(amounts: list[tuple[str, int]]) -> None:
    async def add() -> None:
        counters = MemoryCounters()
        for index, (key, amount) in enumerate(amounts):
            expected = sum(each for other, each in amounts[: index + 1] if other == key)
            assert await counters.incr(key, 60, amount) == expected
        await counters.aclose()
        assert len(counters) == 0

    asyncio.run(add())


async def test_a_url_says_where_the_counters_are() -> None:
    assert isinstance(counters_at("memory://"), MemoryCounters)
    counters = counters_at("redis://127.0.0.1:1/0")
    assert isinstance(counters, RedisCounters)
    await counters.aclose()


@pytest.mark.parametrize("url", ["", "memcached://127.0.0.1", "127.0.0.1:6379", "redis://127.0.0.1:port"])
def test_other_urls_are_errors_of_the_settings(url: str) -> None:
    with pytest.raises(ConfigurationError):
        counters_at(url)


async def test_a_redis_that_does_not_answer_is_told() -> None:
    counters = counters_at("redis://127.0.0.1:1/0")  # nothing listens on port 1
    for call in (counters.incr("a", 60), counters.get("a")):
        with pytest.raises(StorageError) as caught:
            await call
        assert caught.value.reason.startswith("limits: ")
    await counters.aclose()


async def test_a_redis_that_hangs_is_not_waited_for() -> None:
    connected = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        await reader.read()  # until the client has gone
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    counters = counters_at(f"redis://127.0.0.1:{port}/0?socket_timeout=0.01")
    with pytest.raises(StorageError, match="not available"):
        await counters.get("a")
    assert connected.is_set()
    await counters.aclose()
    server.close()
    await server.wait_closed()
