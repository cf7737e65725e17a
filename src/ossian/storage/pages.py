"""A part of a list that is ordered by when its rows were made, and by id among those of one moment."""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Table, select, tuple_

from ossian.storage.records import Order, Page

Record = TypeVar("Record")


def page(
    sql: Connection,
    table: Table,
    record_of: Callable[[Row[Any]], Record],
    condition: ColumnElement[bool],
    after: str | None,
    limit: int,
    order: Order,
    time: str = "created_at",
) -> Page[Record] | None:
    """Read at most `limit` rows that follow the one with the id `after`; None when there is no such row.

    `time` is the column that says when a row was made. The row `after` need not satisfy the condition
    any more: who deletes as he reads still finds the next ones.
    """
    columns = [table.c[time], table.c.id]
    wanted = select(table).where(condition)
    if after is not None:
        last = sql.execute(select(*columns).where(table.c.id == after)).one_or_none()
        if last is None:
            return None
        place = tuple_(*columns)
        wanted = wanted.where(place > tuple(last) if order == "asc" else place < tuple(last))
    ordered = wanted.order_by(*(column if order == "asc" else column.desc() for column in columns))
    records = [record_of(row) for row in sql.execute(ordered.limit(limit + 1))]
    return Page(records[:limit], len(records) > limit)
