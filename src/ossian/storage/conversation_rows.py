"""A conversation as rows: itself, and one row per item in the order in which they came."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Text, cast, func, select
from sqlalchemy import delete as delete_from
from sqlalchemy import update as update_of

from ossian.storage.records import JsonObject, Order, Page, StoredConversation
from ossian.storage.tables import conversation_items, conversations
from ossian.storage.upsert import upsert

Condition = ColumnElement[bool]


def create(sql: Connection, conversation: StoredConversation, bodies: Sequence[JsonObject]) -> bool:
    """Insert a conversation with its items. False when the id is taken."""
    row = upsert(sql, conversations).values(
        id=conversation.id,
        scope=conversation.scope,
        created_at=conversation.created_at,
        metadata=conversation.metadata,
    )
    if sql.execute(row.on_conflict_do_nothing().returning(conversations.c.id)).one_or_none() is None:
        return False
    return append(sql, conversation.scope, conversation.id, bodies)


def get(sql: Connection, scope: str, conversation_id: str) -> StoredConversation | None:
    """Read a conversation, None when there is none."""
    row = sql.execute(select(conversations).where(_mine(scope, conversation_id))).one_or_none()
    return None if row is None else StoredConversation(row.id, row.scope, row.created_at, row.metadata)


def update(sql: Connection, scope: str, conversation_id: str, metadata: JsonObject) -> StoredConversation | None:
    """Change the metadata."""
    sql.execute(update_of(conversations).where(_mine(scope, conversation_id)).values(metadata=metadata))
    return get(sql, scope, conversation_id)


def delete(sql: Connection, scope: str, conversation_id: str) -> bool:
    """Delete a conversation; its items go with it."""
    return sql.execute(delete_from(conversations).where(_mine(scope, conversation_id))).rowcount > 0


def append(sql: Connection, scope: str, conversation_id: str, bodies: Sequence[JsonObject]) -> bool:
    """Insert items at the end; one whose id is there already takes its place. False when there is no conversation."""
    # Locked, so that positions are given out in turn.
    locked = select(conversations.c.id).where(_mine(scope, conversation_id)).with_for_update()
    if sql.execute(locked).one_or_none() is None:
        return False
    newest = sql.scalar(select(func.max(conversation_items.c.position)).where(_items(scope, conversation_id)))
    rows = [
        {"conversation_id": conversation_id, "position": position, "scope": scope, "item_id": body["id"], "body": body}
        for position, body in enumerate(bodies, 0 if newest is None else newest + 1)
    ]
    if rows:
        new = upsert(sql, conversation_items)
        same = [conversation_items.c.conversation_id, conversation_items.c.item_id]
        sql.execute(new.on_conflict_do_update(index_elements=same, set_={"body": new.excluded.body}), rows)
    return True


def items(sql: Connection, scope: str, conversation_id: str) -> list[JsonObject]:
    """Read all items in order."""
    mine = select(conversation_items.c.body).where(_items(scope, conversation_id))
    return list(sql.scalars(mine.order_by(conversation_items.c.position)))


def num_chars(sql: Connection, scope: str, conversation_id: str) -> int:
    """Add up the sizes of the items, as JSON."""
    sizes = func.length(cast(conversation_items.c.body, Text))
    return int(sql.scalar(select(func.coalesce(func.sum(sizes), 0)).where(_items(scope, conversation_id))) or 0)


def page(
    sql: Connection, scope: str, conversation_id: str, after: str | None, limit: int, order: Order
) -> Page[JsonObject] | None:
    """Read the items that follow one; None when that one, or the conversation, does not exist."""
    if get(sql, scope, conversation_id) is None:
        return None
    position = conversation_items.c.position
    mine = select(conversation_items.c.body).where(_items(scope, conversation_id))
    if after is not None:
        place = sql.scalar(select(position).where(_item(scope, conversation_id, after)))
        if place is None:
            return None
        mine = mine.where(position > place if order == "asc" else position < place)
    found = sql.scalars(mine.order_by(position if order == "asc" else position.desc()).limit(limit + 1)).all()
    return Page(list(found[:limit]), len(found) > limit)


def item(sql: Connection, scope: str, conversation_id: str, item_id: str) -> JsonObject | None:
    """Read one item, None when there is none."""
    return sql.scalar(select(conversation_items.c.body).where(_item(scope, conversation_id, item_id)))


def delete_item(sql: Connection, scope: str, conversation_id: str, item_id: str) -> bool:
    """Delete one item. False when there is none."""
    return sql.execute(delete_from(conversation_items).where(_item(scope, conversation_id, item_id))).rowcount > 0


def _mine(scope: str, conversation_id: str) -> Condition:
    return (conversations.c.id == conversation_id) & (conversations.c.scope == scope)


def _items(scope: str, conversation_id: str) -> Condition:
    return (conversation_items.c.conversation_id == conversation_id) & (conversation_items.c.scope == scope)


def _item(scope: str, conversation_id: str, item_id: str) -> Condition:
    return _items(scope, conversation_id) & (conversation_items.c.item_id == item_id)
