"""Usage records, their sums, and what projects and keys spent, on both databases."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ossian.storage import Database, Order, StoredUsage, UsageFilter, UsageGroup, UsagePeriod, UsageTotal
from ossian.storage.account_records import SpendingOwner

END = 4_000_000_000


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


NOON = at("2026-11-21 12:00")  # a Saturday
RECORD = StoredUsage(
    id="usage_1",
    request_id="req_1",
    endpoint="chat.completions",
    model_asked="cheapest@fastest",
    model="gpt-oss-20b",
    started_at=NOON + 0.123456,
    duration=1.5,
    status=200,
    outcome="succeeded",
    project_id="proj_1",
    key_id="key_1",
    batch_id="batch_1",
    time_to_first_token=0.25,
    num_prompt_tokens=100,
    num_cached_tokens=64,
    num_completion_tokens=20,
    num_reasoning_tokens=5,
    cost=Decimal("0.000012345678"),
)


def record(number: int, **fields: Any) -> StoredUsage:
    return replace(RECORD, **({"id": f"usage_{number}"} | fields))


async def test_a_record_comes_back_as_it_was(database: Database) -> None:
    stranger = record(
        2, project_id=None, key_id=None, batch_id=None, time_to_first_token=None, started_at=NOON + 1.0, cost=Decimal(0)
    )
    await database.usage.append([RECORD, stranger])
    page = await database.usage.page(0, END)
    assert page is not None
    assert page.items == [RECORD, stranger]


async def test_nothing_is_no_records(database: Database) -> None:
    await database.usage.append([])
    assert await database.usage.totals(0, END) == []
    assert await database.usage.spent("project", "proj_1") == 0


async def test_a_record_that_is_written_again_counts_once(database: Database) -> None:
    await database.usage.append([RECORD])
    await database.usage.append([RECORD, record(2)])
    (total,) = await database.usage.totals(0, END)
    assert total.num_requests == 2
    assert await database.usage.spent("project", "proj_1") == 2 * RECORD.cost


async def test_a_request_id_of_the_callers_choice_may_come_twice(database: Database) -> None:
    await database.usage.append([record(1), record(2)])
    (total,) = await database.usage.totals(0, END)
    assert total.num_requests == 2


async def test_text_that_no_database_takes_loses_no_record(database: Database) -> None:
    odd = record(1, model_asked="\0\ud800" + "x" * 1000, request_id="\0", cost=Decimal(10) ** 8)
    await database.usage.append([odd, record(2)])
    page = await database.usage.page(0, END)
    assert page is not None
    assert page.items[0].model_asked == "\ufffd\ufffd" + "x" * 298
    assert page.items[0].cost == Decimal(2**63 - 1) / 10**12
    assert page.items[1] == record(2)


async def test_a_total_is_the_sum_of_all(database: Database) -> None:
    failed = record(2, outcome="failed", status=500, cost=Decimal(0), num_completion_tokens=0)
    await database.usage.append([RECORD, failed, record(3, started_at=END)])
    assert await database.usage.totals(5, END) == [
        UsageTotal(
            start=5,
            num_requests=2,
            num_failed_requests=1,
            num_prompt_tokens=200,
            num_cached_tokens=128,
            num_completion_tokens=20,
            num_reasoning_tokens=10,
            duration=3.0,
            cost=Decimal("0.000012345678"),
        )
    ]


@pytest.mark.parametrize(
    "period, expected",
    [
        (
            "minute",
            ["2026-10-31 23:59", "2026-11-01 00:00", "2026-11-15 23:59", "2026-11-16 00:00", "2026-12-31 23:59"],
        ),
        ("hour", ["2026-10-31 23:00", "2026-11-01 00:00", "2026-11-15 23:00", "2026-11-16 00:00", "2026-12-31 23:00"]),
        ("day", ["2026-10-31", "2026-11-01", "2026-11-15", "2026-11-16", "2026-12-31"]),
        ("week", ["2026-10-26", "2026-11-09", "2026-11-16", "2026-12-28"]),
        ("month", ["2026-10-01", "2026-11-01", "2026-12-01"]),
    ],
)
async def test_periods_are_those_of_the_calendar_in_utc(
    database: Database, period: UsagePeriod, expected: list[str]
) -> None:
    times = ["2026-10-31 23:59:59", "2026-11-01", "2026-11-15 23:59:59", "2026-11-16", "2026-12-31 23:59:59"]
    records = [record(number, started_at=at(time) + 0.999999) for number, time in enumerate(times)]
    await database.usage.append(records)
    totals = await database.usage.totals(0, END, period)
    assert [total.start for total in totals] == [at(time) for time in expected]
    assert sum(total.num_requests for total in totals) == len(times)


async def test_totals_are_by_the_groups_that_are_asked_for(database: Database) -> None:
    others = [
        record(2, model="gpt-oss-120b"),
        record(3, project_id="proj_2", key_id="key_2"),
        record(4, project_id=None, key_id=None, endpoint="responses"),
    ]
    await database.usage.append([RECORD, *others])

    async def groups(*names: UsageGroup) -> list[tuple[object, ...]]:
        totals = await database.usage.totals(0, END, "day", names)
        return [(each.project_id, each.key_id, each.model, each.endpoint, each.num_requests) for each in totals]

    assert await groups("model") == [
        (None, None, "gpt-oss-120b", None, 1),
        (None, None, "gpt-oss-20b", None, 3),
    ]
    assert await groups("project_id") == [
        (None, None, None, None, 1),
        ("proj_1", None, None, None, 2),
        ("proj_2", None, None, None, 1),
    ]
    assert await groups("key_id", "endpoint") == [
        (None, None, None, "responses", 1),
        (None, "key_1", None, "chat.completions", 2),
        (None, "key_2", None, "chat.completions", 1),
    ]


@pytest.mark.parametrize(
    "wanted, expected",
    [
        (UsageFilter(), [1, 2, 3]),
        (UsageFilter(project_ids=["proj_1", "proj_9"]), [1, 2]),
        (UsageFilter(project_ids=[]), []),
        (UsageFilter(key_ids=["key_2"]), [2]),
        (UsageFilter(models=["gpt-oss-20b"], project_ids=["proj_1"]), [1]),
        (UsageFilter(endpoints=["responses"]), [3]),
        (UsageFilter(outcomes=["failed"]), [2]),
    ],
)
async def test_filters_choose_the_same_records_for_totals_and_pages(
    database: Database, wanted: UsageFilter, expected: list[int]
) -> None:
    second = record(2, key_id="key_2", model="gpt-oss-120b", outcome="failed")
    third = record(3, project_id="proj_3", key_id="key_3", endpoint="responses")
    await database.usage.append([RECORD, second, third])
    page = await database.usage.page(0, END, wanted)
    assert page is not None
    assert [each.id for each in page.items] == [f"usage_{number}" for number in expected]
    totals = await database.usage.totals(0, END, None, (), wanted)
    assert sum(total.num_requests for total in totals) == len(expected)


async def test_pages_follow_each_other_in_both_directions(database: Database) -> None:
    times = [NOON, NOON, NOON + 0.000001, NOON + 1]
    await database.usage.append([record(number, started_at=time) for number, time in enumerate(times)])
    both: list[tuple[Order, list[int]]] = [("asc", [0, 1, 2, 3]), ("desc", [3, 2, 1, 0])]
    for order, expected in both:
        found: list[str] = []
        has_more = True
        while has_more:
            page = await database.usage.page(0, END, after=found[-1] if found else None, limit=3, order=order)
            assert page is not None
            found += [each.id for each in page.items]
            has_more = page.has_more
        assert found == [f"usage_{number}" for number in expected]
    assert await database.usage.page(0, END, after="usage_9") is None


async def test_the_interval_of_a_page_is_half_open(database: Database) -> None:
    await database.usage.append([record(number, started_at=NOON + number) for number in range(3)])
    page = await database.usage.page(NOON, NOON + 2)
    assert page is not None
    assert [each.id for each in page.items] == ["usage_0", "usage_1"]


async def test_spending_is_counted_by_owner_and_day(database: Database) -> None:
    today, yesterday = at("2026-11-21"), at("2026-11-20")
    await database.usage.append(
        [
            record(1, started_at=today - 0.000001, cost=Decimal("0.1")),
            record(2, started_at=today, cost=Decimal("0.02")),
            record(3, started_at=NOON, key_id="key_2", cost=Decimal("0.003")),
            record(4, started_at=NOON, project_id=None, key_id=None, cost=Decimal(7)),
        ]
    )

    async def spent(owner: SpendingOwner, owner_id: str, since: int = 0) -> Decimal:
        return await database.usage.spent(owner, owner_id, since)

    assert await spent("project", "proj_1") == Decimal("0.123")
    assert await spent("project", "proj_1", yesterday) == Decimal("0.123")
    assert await spent("project", "proj_1", today) == Decimal("0.023")
    assert await spent("key", "key_1", today) == Decimal("0.02")
    assert await spent("key", "key_2") == Decimal("0.003")
    assert await spent("project", "key_1") == 0


async def test_a_budget_that_begins_within_a_day_is_a_mistake_of_ours(database: Database) -> None:
    with pytest.raises(AssertionError):
        await database.usage.spent("project", "proj_1", NOON)


async def test_sums_are_exact_beyond_what_an_integer_of_the_database_holds(database: Database) -> None:
    amount = Decimal("9000000.000000000001")
    await database.usage.append([record(number, cost=amount) for number in range(5)])
    await database.usage.append([record(number, cost=amount) for number in range(5, 10)])
    (total,) = await database.usage.totals(0, END)
    assert total.cost == 10 * amount
    assert await database.usage.spent("project", "proj_1") == 10 * amount


async def test_what_is_erased_is_in_no_report_and_still_spent(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ossian.storage.usage_rows.MAX_NUM_PURGED", 2)
    times = [NOON - 3, NOON - 2, NOON - 1, NOON - 0.000001, NOON, NOON + 1]
    await database.usage.append([record(number, started_at=time) for number, time in enumerate(times)])
    spent = await database.usage.spent("project", "proj_1")
    assert await database.usage.purge(NOON) == 4
    assert await database.usage.purge(NOON) == 0
    page = await database.usage.page(0, END)
    assert page is not None
    assert [each.started_at for each in page.items] == [NOON, NOON + 1]
    (total,) = await database.usage.totals(0, END)
    assert (total.num_requests, total.cost) == (2, 2 * RECORD.cost)
    assert await database.usage.spent("project", "proj_1") == spent == 6 * RECORD.cost


costs = st.decimals(0, 9_000_000, places=12)
requests = st.tuples(st.sampled_from(["proj_1", "proj_2", None]), st.integers(0, 2), costs)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(requests, max_size=4), max_size=4))
async def test_what_is_spent_is_the_sum_of_the_totals(
    database: Database, batches: list[list[tuple[str | None, int, Decimal]]]
) -> None:
    run = uuid4().hex  # the database keeps what other examples left
    for batch in batches:
        await database.usage.append(
            [
                record(0, id=uuid4().hex, project_id=owner and owner + run, started_at=NOON + day * 86400, cost=cost)
                for owner, day, cost in batch
            ]
        )
    for owner in [f"proj_1{run}", f"proj_2{run}"]:
        totals = await database.usage.totals(0, END, "day", (), UsageFilter(project_ids=[owner]))
        for since in [0, *(total.start for total in totals)]:
            expected = sum(total.cost for total in totals if total.start >= since)
            assert await database.usage.spent("project", owner, since) == expected
