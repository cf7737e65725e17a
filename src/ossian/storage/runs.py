"""Background responses while they run: who generates them, for how long that counts, and their events."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, or_, select, update

from ossian.storage.records import JsonObject, StoredResponse
from ossian.storage.response_rows import stored
from ossian.storage.tables import response_events, responses
from ossian.storage.upsert import upsert

MAX_POSITION = 2**31 - 1  # what the column holds


def append_events(sql: Connection, response_id: str, first_index: int, bodies: Sequence[JsonObject]) -> bool:
    """Insert events; those that are there already stay as they are. False when the response is not running."""
    running = select(responses.c.id).where(responses.c.id == response_id, responses.c.owner.is_not(None))
    if sql.execute(running.with_for_update()).one_or_none() is None:
        return False
    rows = [
        {"response_id": response_id, "position": position, "body": body}
        for position, body in enumerate(bodies, first_index)
    ]
    if rows:
        sql.execute(upsert(sql, response_events).on_conflict_do_nothing(), rows)
    return True


def events(sql: Connection, scope: str, response_id: str, start_index: int) -> list[JsonObject]:
    """Read events in order."""
    event = response_events.c
    of_response = select(event.body).join(responses, responses.c.id == event.response_id)
    mine = of_response.where(responses.c.id == response_id, responses.c.scope == scope, ~responses.c.is_hidden)
    start_index = min(max(start_index, 0), MAX_POSITION)
    return list(sql.scalars(mine.where(event.position >= start_index).order_by(event.position)))


def renew_leases(sql: Connection, owner: str, ids: Collection[str], until: float) -> set[str]:
    """Move the end of an owner's leases; return those of the responses that are still its own."""
    mine = (responses.c.owner == owner) & responses.c.id.in_(ids)
    renewed = update(responses).where(mine).values(lease_expires_at=until)
    return set(sql.scalars(renewed.returning(responses.c.id)))


def expired(sql: Connection, now: float) -> list[StoredResponse]:
    """Read the running responses whose lease has ended."""
    is_lost = responses.c.owner.is_not(None) & (responses.c.lease_expires_at < now)
    return [stored(sql, row) for row in sql.execute(select(responses).where(is_lost).order_by(responses.c.id)).all()]


def request_cancel(sql: Connection, scope: str, response_id: str) -> bool:
    """Mark a running response."""
    mine = (responses.c.id == response_id) & (responses.c.scope == scope) & ~responses.c.is_hidden
    running = update(responses).where(mine, responses.c.owner.is_not(None))
    return sql.execute(running.values(is_cancel_requested=True)).rowcount > 0


def cancel_requested(sql: Connection, owner: str) -> set[str]:
    """Read the marks, and which responses were deleted."""
    is_unwanted = or_(responses.c.is_cancel_requested, responses.c.is_hidden)
    return set(sql.scalars(select(responses.c.id).where(responses.c.owner == owner, is_unwanted)))
