"""Chains: each response continues at most one other, by previous_response_id."""

from sqlalchemy import Connection, exists, literal, select, update
from sqlalchemy import delete as delete_from

from ossian.storage.records import JsonObject
from ossian.storage.tables import response_items, responses

MAX_NUM_PURGED = 100  # in one transaction, so that nobody waits long for it


def context(sql: Connection, scope: str, response_id: str) -> list[JsonObject] | None:
    """Read the items of a chain, oldest first; None when a part of it is not there."""
    row = responses.c
    last = select(row.id, row.previous_response_id, literal(0).label("age"))
    chain = last.where(row.id == response_id, row.scope == scope, ~row.is_hidden).cte("chain", recursive=True)
    before = select(row.id, row.previous_response_id, chain.c.age + 1)
    chain = chain.union_all(before.where(row.id == chain.c.previous_response_id, row.scope == scope))
    joined = chain.outerjoin(response_items, response_items.c.response_id == chain.c.id)
    query = select(chain.c.previous_response_id, response_items.c.body).select_from(joined)
    rows = sql.execute(query.order_by(chain.c.age.desc(), response_items.c.position)).all()
    if not rows or rows[0].previous_response_id is not None:
        return None
    return [body for _, body in rows if body is not None]


def delete(sql: Connection, scope: str, response_id: str) -> bool:
    """Hide a response, and erase what nothing needs any more. False when there is none."""
    mine = (responses.c.id == response_id) & (responses.c.scope == scope) & ~responses.c.is_hidden
    if sql.execute(update(responses).where(mine).values(is_hidden=True)).rowcount == 0:
        return False
    erase_upwards(sql, response_id)
    return True


def purge(sql: Connection, now: float) -> int:
    """Delete some of the responses that expired before `now`; return how many."""
    is_old = (responses.c.expires_at < now) & ~responses.c.is_hidden & responses.c.owner.is_(None)
    some = select(responses.c.id).where(is_old).order_by(responses.c.expires_at).limit(MAX_NUM_PURGED)
    hidden = update(responses).where(responses.c.id.in_(some)).values(is_hidden=True).returning(responses.c.id)
    ids = sql.scalars(hidden).all()
    for response_id in ids:
        erase_upwards(sql, response_id)
    return len(ids)


def erase_upwards(sql: Connection, response_id: str | None) -> None:
    """Erase a hidden response unless one that is kept continues it, and then likewise the one it continues."""
    child = responses.alias()
    while response_id is not None:
        # Locked, so that of two that let go of it at once, the later one sees that nothing needs it.
        sql.execute(select(responses.c.id).where(responses.c.id == response_id).with_for_update())
        unneeded = (
            (responses.c.id == response_id)
            & responses.c.is_hidden
            & responses.c.owner.is_(None)
            & ~exists().where(child.c.previous_response_id == responses.c.id)
        )
        response_id = sql.scalar(delete_from(responses).where(unneeded).returning(responses.c.previous_response_id))
