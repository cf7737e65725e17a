"""What is compared with budgets: what the database knows, and what this process has not written yet."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import pytest

from ossian.accounts.budgets import Budget
from ossian.accounts.callers import Caller
from ossian.accounts.keys import ApiKey
from ossian.accounts.periods import Period
from ossian.accounts.projects import Project
from ossian.accounts.scopes import EVERYTHING, Endpoint
from ossian.accounts.usage import UsageRecord
from ossian.errors import BudgetSpentError, StorageError
from ossian.server.observability import Metrics
from ossian.server.spending import READ_SECONDS, Spending
from ossian.server.usage_writer import UsageWriter

NOW = 1_800_000_000.0  # a Friday
DAY = 86_400


def record(price: str = "1", started_at: float = NOW, status: int = 200, key_id: str | None = "key_1") -> UsageRecord:
    return UsageRecord(
        "req_1",
        Endpoint.RESPONSES,
        "gpt-oss",
        "gpt-oss-20b",
        started_at,
        0.5,
        status,
        project_id="proj_1",
        key_id=key_id,
        price=Decimal(price),
    )


class World:
    """A server process, and the database it shares with others."""

    def __init__(self) -> None:
        self.now = NOW
        self.clock = 0.0
        self.stored: list[UsageRecord] = []
        self.num_reads = 0
        self.is_away = False
        self.reading = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.writer = UsageWriter(self.append, 100, Metrics({}))
        self.spending = Spending(self.spent, self.writer, "USD", lambda: self.now, lambda: self.clock)

    async def append(self, records: Sequence[UsageRecord]) -> None:
        self.stored.extend(records)

    async def spent(self, kind: str, owner_id: str, since: int) -> Decimal:
        self.num_reads += 1
        if self.is_away:
            raise StorageError("away")
        wanted = [each for each in self.stored if each.started_at >= since]
        found = [each for each in wanted if (each.project_id if kind == "project" else each.key_id) == owner_id]
        self.reading.set()
        await self.gate.wait()
        return sum((each.cost for each in found), Decimal(0))

    def note(self, *records: UsageRecord) -> None:
        for each in records:
            self.writer.add(each)
            self.spending.note(each)


def caller(project: Budget | None = None, key: Budget | None = None) -> Caller:
    api_key = ApiKey("key_1", "proj_1", "laptop", "sk-ossian-abcdef", "digest", 0, budget=key)
    return Caller("127.0.0.1", EVERYTHING, Project("proj_1", "demo", 0, budget=project), api_key)


@pytest.fixture
async def world() -> World:
    return World()


async def test_without_a_budget_nobody_is_asked(world: World) -> None:
    await world.spending.check(caller())
    await world.spending.check(Caller("127.0.0.1", EVERYTHING))
    assert world.num_reads == 0


async def test_the_request_after_the_one_that_spends_a_budget_is_refused(world: World) -> None:
    spender = caller(project=Budget(Decimal(3)))
    for _ in range(3):
        await world.spending.check(spender)
        world.note(record("1"))
    with pytest.raises(BudgetSpentError, match="project 'demo', 3 USD, is spent") as caught:
        await world.spending.check(spender)
    assert caught.value.retry_after is None
    assert world.num_reads == 1


async def test_what_is_in_the_database_counts(world: World) -> None:
    world.stored.append(record("2.5"))
    await world.spending.check(caller(project=Budget(Decimal(3))))
    with pytest.raises(BudgetSpentError):
        await world.spending.check(caller(key=Budget(Decimal("2.5"))))


async def test_what_is_not_written_yet_counts_once(world: World) -> None:
    spender = caller(project=Budget(Decimal(3)))
    world.note(record("1"))  # nobody knew of the budget
    await world.spending.check(spender)
    world.note(record("1"))
    await world.writer.aclose()  # now they are in the database
    world.clock += READ_SECONDS
    await world.spending.check(spender)
    assert world.num_reads == 2
    world.note(record("1"))
    with pytest.raises(BudgetSpentError):
        await world.spending.check(spender)


async def test_what_comes_while_the_database_is_read_is_not_missed(world: World) -> None:
    spender = caller(project=Budget(Decimal(2)))
    world.gate.clear()
    world.writer.open()
    checking = asyncio.create_task(world.spending.check(spender))
    await world.reading.wait()
    world.note(record("1"), record("1"))
    world.gate.set()
    with pytest.raises(BudgetSpentError):
        await checking
    await world.writer.aclose()


async def test_many_at_once_ask_the_database_once(world: World) -> None:
    spender = caller(project=Budget(Decimal(2)))
    await asyncio.gather(*(world.spending.check(spender) for _ in range(64)))
    assert world.num_reads == 1


async def test_what_other_servers_spend_is_seen_after_a_while(world: World) -> None:
    spender = caller(project=Budget(Decimal(2)))
    await world.spending.check(spender)
    world.stored.append(record("2"))
    world.now -= 1000  # somebody sets the clock back
    await world.spending.check(spender)
    world.clock += READ_SECONDS
    with pytest.raises(BudgetSpentError):
        await world.spending.check(spender)


async def test_a_new_period_begins_with_nothing_spent(world: World) -> None:
    spender = caller(project=Budget(Decimal(1), Period.DAY))
    world.note(record("1"))
    with pytest.raises(BudgetSpentError) as caught:
        await world.spending.check(spender)
    assert caught.value.retry_after == DAY - NOW % DAY
    world.now += DAY
    await world.spending.check(spender)
    world.note(record("1"))  # of a request that began the day before
    await world.spending.check(spender)
    world.note(record("1", started_at=world.now))
    with pytest.raises(BudgetSpentError):
        await world.spending.check(spender)


async def test_key_and_project_are_two_budgets(world: World) -> None:
    both = caller(project=Budget(Decimal(10)), key=Budget(Decimal(2)))
    await world.spending.check(both)
    world.note(record("5", key_id="key_2"))
    await world.spending.check(both)
    world.note(record("2"))
    with pytest.raises(BudgetSpentError, match="API key 'laptop', 2 USD"):
        await world.spending.check(both)


async def test_failed_requests_spend_nothing(world: World) -> None:
    spender = caller(project=Budget(Decimal(1)))
    await world.spending.check(spender)
    world.note(record("1", status=500), record("0.5", status=499))
    await world.spending.check(spender)
    world.note(record("0.5", status=499))
    with pytest.raises(BudgetSpentError):
        await world.spending.check(spender)


async def test_a_database_that_is_away_lets_nobody_spend(world: World) -> None:
    world.is_away = True
    with pytest.raises(StorageError):
        await world.spending.check(caller(project=Budget(Decimal(1))))
