"""Usage as rows: one for each request, and what each project and key spent by day."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, select

from ossian.storage.account_records import SpendingOwner, StoredUsage, UsageFilter
from ossian.storage.account_tables import spending, usage
from ossian.storage.amounts import amount_of, sum_of, units_of
from ossian.storage.pages import page as page_of
from ossian.storage.records import Order, Page
from ossian.storage.upsert import upsert

DAY: Final = 86400  # seconds
MAX_NUM_PURGED: Final = 1000  # in one transaction, so that nobody waits long for it


def append(sql: Connection, records: Sequence[StoredUsage]) -> None:
    """Insert records and count their cost; one that is there already is left, and not counted again."""
    if not records:
        return
    new = upsert(sql, usage).on_conflict_do_nothing().returning(usage.c.id)
    inserted = set(sql.scalars(new, [asdict(record) for record in records]))
    _count_cost(sql, [record for record in records if record.id in inserted])


def purge(sql: Connection, before: float) -> int:
    """Delete some of the records of requests that began before a time, the oldest; return how many."""
    old = select(usage.c.id).where(usage.c.started_at < before).order_by(usage.c.started_at, usage.c.id)
    return sql.execute(delete(usage).where(usage.c.id.in_(old.limit(MAX_NUM_PURGED)))).rowcount


def spent(sql: Connection, owner: SpendingOwner, owner_id: str, since: int) -> Decimal:
    """Read what a project or a key spent since the beginning of a day."""
    mine = (spending.c.owner == owner) & (spending.c.owner_id == owner_id) & (spending.c.day >= since // DAY)
    thousandths, rest = sql.execute(select(sum_of(spending.c.thousandths), sum_of(spending.c.rest)).where(mine)).one()
    return amount_of(thousandths, rest)


def page(
    sql: Connection, start: float, end: float, wanted: UsageFilter, after: str | None, limit: int, order: Order
) -> Page[StoredUsage] | None:
    """Read records by time; None when there is no record `after`."""
    return page_of(sql, usage, _stored, is_meant(start, end, wanted), after, limit, order, "started_at")


def is_meant(start: float, end: float, wanted: UsageFilter) -> ColumnElement[bool]:
    """Return the condition for the wanted ones of the requests that began in [start, end)."""
    return and_(usage.c.started_at >= start, usage.c.started_at < end, *_conditions(wanted))


def _conditions(wanted: UsageFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.project_ids is not None:
        yield usage.c.project_id.in_(wanted.project_ids)
    if wanted.key_ids is not None:
        yield usage.c.key_id.in_(wanted.key_ids)
    if wanted.models is not None:
        yield usage.c.model.in_(wanted.models)
    if wanted.endpoints is not None:
        yield usage.c.endpoint.in_(wanted.endpoints)
    if wanted.outcomes is not None:
        yield usage.c.outcome.in_(wanted.outcomes)


def _count_cost(sql: Connection, records: Sequence[StoredUsage]) -> None:
    """Add what the records cost to their projects' and keys' days."""
    sums: dict[tuple[str, str, int], list[int]] = defaultdict(lambda: [0, 0])
    for record in records:
        thousandths, rest = units_of(record.cost)
        for owner, owner_id in (("project", record.project_id), ("key", record.key_id)):
            if owner_id is not None and record.cost:
                found = sums[owner, owner_id, int(record.started_at // DAY)]
                found[0] += thousandths
                found[1] += rest
    row = upsert(sql, spending)
    added = row.on_conflict_do_update(
        index_elements=[spending.c.owner, spending.c.owner_id, spending.c.day],
        set_={name: spending.c[name] + row.excluded[name] for name in ("thousandths", "rest")},
    )
    # In order, so that two servers that count for the same owners do not wait for each other in a circle.
    names = ("owner", "owner_id", "day", "thousandths", "rest")
    if sums:
        sql.execute(added, [dict(zip(names, (*key, *sums[key]), strict=True)) for key in sorted(sums)])


def _stored(row: Row[Any]) -> StoredUsage:
    return StoredUsage(**row._mapping)
