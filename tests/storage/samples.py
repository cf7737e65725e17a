"""Responses and audit entries as the server would store them, in short."""

from typing import Any

from ossian.storage import JsonObject, StoredAuditEntry, StoredResponse


def item(item_id: str, text: str = "Hello") -> JsonObject:
    return {"type": "message", "id": item_id, "status": "completed", "content": [{"type": "text", "text": text}]}


def stored(
    response_id: str = "resp_1", *, scope: str = "a", continues: str | None = None, **fields: Any
) -> StoredResponse:
    """A response with two items in and one out, whose ids are made from its own: in_1, in_1b and out_1."""
    name = response_id.removeprefix("resp_")
    body = {"id": response_id, "object": "response", "status": "completed", "output": [item(f"out_{name}")]}
    given = {"status": "completed", "body": body, "input_items": [item(f"in_{name}"), item(f"in_{name}b")]} | fields
    return StoredResponse(
        id=response_id, scope=scope, previous_response_id=continues, created_at=given.pop("created_at", 1000), **given
    )


def running(response_id: str = "resp_1", **fields: Any) -> StoredResponse:
    """A background response that has no output yet."""
    body = {"id": response_id, "object": "response", "status": "in_progress", "output": []}
    return stored(response_id, status="in_progress", body=body, is_background=True, **fields)


def ids(items: list[JsonObject] | None) -> list[str]:
    assert items is not None
    return [body["id"] for body in items]


def entry(entry_id: str, **fields: Any) -> StoredAuditEntry:
    """What somebody did at the machine itself."""
    given: dict[str, Any] = {
        "created_at": 1000.5,
        "type": "project.created",
        "actor_kind": "cli",
        "actor_id": "ada",
        "actor_address": "local",
    }
    return StoredAuditEntry(id=entry_id, **given | fields)
