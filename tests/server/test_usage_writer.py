"""Usage records reach the database, whatever it does; what cannot is counted."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from ossian.accounts.scopes import Endpoint
from ossian.accounts.usage import UsageRecord
from ossian.errors import StorageError
from ossian.server import usage_writer
from ossian.server.observability import Metrics
from ossian.server.usage_writer import UsageWriter


def record(name: str) -> UsageRecord:
    return UsageRecord(name, Endpoint.RESPONSES, "gpt-oss", "gpt-oss-20b", 1_800_000_000, 0.5, 200)


class Store:
    """A database that can be away, or answer only when a test lets it."""

    def __init__(self) -> None:
        self.records: dict[str, str] = {}  # request ids by id
        self.batch_sizes: list[int] = []
        self.num_failures = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = asyncio.Event()

    async def append(self, records: Sequence[UsageRecord]) -> None:
        self.asked.set()
        if self.num_failures:
            self.num_failures -= 1
            raise StorageError("away")
        self.records |= {each.id: each.request_id for each in records}
        self.batch_sizes.append(len(records))
        await self.gate.wait()

    @property
    def names(self) -> list[str]:
        return list(self.records.values())


@asynccontextmanager
async def writing(store: Store, max_waiting: int = 100) -> AsyncIterator[tuple[UsageWriter, Metrics]]:
    metrics = Metrics({})
    writer = UsageWriter(store.append, max_waiting, metrics)
    writer.open()
    yield writer, metrics
    await writer.aclose()


def count(metrics: Metrics, result: str) -> float:
    return metrics.registry.get_sample_value("ossian_usage_records_total", {"result": result}) or 0


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage_writer, "WRITE_SECONDS", 0)
    monkeypatch.setattr(usage_writer, "RETRY_SECONDS", 0)


async def test_records_are_written_soon() -> None:
    store = Store()
    async with writing(store) as (writer, metrics):
        writer.add(record("a"))
        await store.asked.wait()
        assert store.names == ["a"]
    assert count(metrics, "written") == 1


async def test_records_of_one_moment_are_one_write() -> None:
    store = Store()
    async with writing(store) as (writer, _):
        for number in range(10):
            writer.add(record(str(number)))
        await store.asked.wait()
        assert store.batch_sizes == [10]


async def test_a_clean_stop_writes_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage_writer, "WRITE_SECONDS", 3600)
    store = Store()
    async with writing(store) as (writer, _):
        for name in "abc":
            writer.add(record(name))
        await asyncio.sleep(0)
        assert writer.num_waiting == 3
    assert store.names == ["a", "b", "c"]


async def test_a_write_that_a_stop_interrupts_is_made_again_with_the_same_ids() -> None:
    store = Store()
    store.gate.clear()
    async with writing(store) as (writer, metrics):
        writer.add(record("a"))
        await store.asked.wait()
        writer.add(record("b"))
        store.gate.set()
    assert store.names == ["a", "b"]
    assert count(metrics, "lost") == 0


async def test_a_database_that_comes_back_is_told_everything_in_order() -> None:
    store = Store()
    store.num_failures = 3
    with capture_logs() as logs:
        async with writing(store) as (writer, metrics):
            for name in "abc":
                writer.add(record(name))
            while not store.names:
                await asyncio.sleep(0)
    assert store.names == ["a", "b", "c"]
    assert [entry["event"] for entry in logs] == ["usage records could not be written"] * 3
    assert (count(metrics, "written"), count(metrics, "lost")) == (3, 0)


async def test_many_records_are_several_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage_writer, "MAX_BATCH", 4)
    store = Store()
    async with writing(store) as (writer, _):
        for number in range(10):
            writer.add(record(str(number)))
    assert store.batch_sizes == [4, 4, 2]


async def test_when_too_many_wait_the_oldest_are_lost_and_counted() -> None:
    store = Store()
    async with writing(store, max_waiting=3) as (writer, metrics):
        for name in "abcde":
            writer.add(record(name))
        assert count(metrics, "lost") == 2
    assert store.names == ["c", "d", "e"]


async def test_a_database_that_never_comes_back_loses_what_waits_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage_writer, "END_SECONDS", 0.01)
    store = Store()
    store.num_failures = 10**9
    with capture_logs() as logs:
        async with writing(store) as (writer, metrics):
            writer.add(record("a"))
            writer.add(record("b"))
    assert count(metrics, "lost") == 2
    assert logs[-1] == {"event": "usage records lost", "num": 2, "log_level": "error"}


async def test_a_pause_lets_nothing_be_written() -> None:
    store = Store()
    async with writing(store) as (writer, _):
        async with writer.pause:
            writer.add(record("a"))
            for _ in range(20):
                await asyncio.sleep(0)
            assert store.names == []
            assert [each.request_id for each in writer.waiting] == ["a"]
        await store.asked.wait()
        assert store.names == ["a"]
