"""A response as rows: its body without the output, and one row per item."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, Update, delete, func, insert, select, update

from ossian.storage import chains, conversation_rows
from ossian.storage.records import JsonObject, StoredResponse
from ossian.storage.tables import conversation_items, response_items, responses
from ossian.storage.upsert import upsert

MAX_NUM_IDS = 1000  # in one statement


def start(sql: Connection, response: StoredResponse, owner: str, lease_expires_at: float) -> bool:
    """Insert a response that is being generated. False when the id is taken."""
    return _insert(sql, response, {"owner": owner, "lease_expires_at": lease_expires_at})


def begin(sql: Connection, response: StoredResponse) -> bool:
    """Change a running response, but for its items. False when it is not running."""
    return sql.execute(_running(response).values(**_columns(response))).rowcount > 0


def finish(sql: Connection, response: StoredResponse, items_of_conversation: Sequence[JsonObject]) -> bool:
    """Insert a finished response, or finish one that is running. False when it cannot be."""
    if not (_update_running(sql, response) if response.is_background else _insert(sql, _whole(sql, response), {})):
        return False
    if response.conversation_id is not None and items_of_conversation:
        conversation_rows.append(sql, response.scope, response.conversation_id, items_of_conversation)
    return True


def get(sql: Connection, scope: str, response_id: str) -> StoredResponse | None:
    """Read a response, None when there is none."""
    found = select(responses).where(responses.c.id == response_id, responses.c.scope == scope, ~responses.c.is_hidden)
    row = sql.execute(found).one_or_none()
    return None if row is None else stored(sql, row)


def status(sql: Connection, scope: str, response_id: str) -> str | None:
    """Read a response's status, None when there is none."""
    is_it = (responses.c.id == response_id, responses.c.scope == scope, ~responses.c.is_hidden)
    return sql.execute(select(responses.c.status).where(*is_it)).scalar_one_or_none()


def stored(sql: Connection, row: Row[Any]) -> StoredResponse:
    """Return the response of a row, with its items."""
    items: dict[bool, list[JsonObject]] = {False: [], True: []}
    own = select(response_items.c.is_output, response_items.c.body).where(response_items.c.response_id == row.id)
    for is_output, body in sql.execute(own.order_by(response_items.c.position)):
        items[is_output].append(body)
    return StoredResponse(
        row.id,
        row.scope,
        row.status,
        row.body | {"output": items[True]},
        items[False],
        row.created_at,
        row.previous_response_id,
        row.conversation_id,
        row.expires_at,
        row.is_background,
    )


def find_items(sql: Connection, scope: str, ids: Collection[str]) -> dict[str, JsonObject]:
    """Read items by their ids, wherever in the caller's scope they are.

    Of several with one id, the newest answer's goes before what a client sent, and that before a conversation's.
    """
    wanted = list(set(ids))
    found: dict[str, JsonObject] = {}
    for first in range(0, len(wanted), MAX_NUM_IDS):
        for body in _find(sql, scope, wanted[first : first + MAX_NUM_IDS]):
            found.setdefault(body["id"], body)
    return found


def _find(sql: Connection, scope: str, ids: list[str]) -> Iterator[JsonObject]:
    item, part = response_items.c, conversation_items.c
    newest_first = (item.is_output.desc(), responses.c.created_at.desc(), item.response_id)
    rank = func.row_number().over(partition_by=item.item_id, order_by=newest_first).label("rank")
    ranked = (
        select(item.body, rank)
        .join(responses, responses.c.id == item.response_id)
        .where(item.scope == scope, item.item_id.in_(ids), ~responses.c.is_hidden)
        .subquery()
    )
    yield from sql.scalars(select(ranked.c.body).where(ranked.c.rank == 1))
    yield from sql.scalars(select(part.body).where(part.scope == scope, part.item_id.in_(ids)))


def _insert(sql: Connection, response: StoredResponse, lease: dict[str, object]) -> bool:
    row = upsert(sql, responses).values(id=response.id, scope=response.scope, **_columns(response), **lease)
    if sql.execute(row.on_conflict_do_nothing().returning(responses.c.id)).one_or_none() is None:
        return False
    _insert_items(sql, response)
    return True


def _whole(sql: Connection, response: StoredResponse) -> StoredResponse:
    """What a response continues may have been erased while it was made: then it brings those items along."""
    if response.previous_response_id is None or not response.history:
        return response
    last = (responses.c.id == response.previous_response_id) & (responses.c.scope == response.scope)
    if sql.scalar(select(responses.c.id).where(last).with_for_update(read=True, key_share=True)) is not None:
        return response
    items = [*response.history, *response.input_items]
    return replace(response, previous_response_id=None, input_items=items)


def _update_running(sql: Connection, response: StoredResponse) -> bool:
    finished = _running(response).values(owner=None, lease_expires_at=None, **_columns(response))
    row = sql.execute(finished.returning(responses.c.is_hidden)).one_or_none()
    if row is None:
        return False
    sql.execute(delete(response_items).where(response_items.c.response_id == response.id))
    _insert_items(sql, response)
    if row.is_hidden:
        chains.erase_upwards(sql, response.id)
    return True


def _running(response: StoredResponse) -> Update:
    return update(responses).where(
        responses.c.id == response.id, responses.c.scope == response.scope, responses.c.owner.is_not(None)
    )


def _columns(response: StoredResponse) -> dict[str, object]:
    return {
        "status": response.status,
        "body": {key: value for key, value in response.body.items() if key != "output"},
        "created_at": response.created_at,
        "previous_response_id": response.previous_response_id,
        "conversation_id": response.conversation_id,
        "expires_at": response.expires_at,
        "is_background": response.is_background,
    }


def _insert_items(sql: Connection, response: StoredResponse) -> None:
    num_inputs = len(response.input_items)
    rows = [
        {
            "response_id": response.id,
            "position": position,
            "scope": response.scope,
            "item_id": body["id"],
            "is_output": position >= num_inputs,
            "body": body,
        }
        for position, body in enumerate([*response.input_items, *response.body["output"]])
    ]
    if rows:
        sql.execute(insert(response_items), rows)
