"""What every test of the Responses API checks: bodies and events against both specifications, streams against reason.

check_response(body, dialect)      any object the API answers with: a response, a compaction, a list, a conversation
check_item(item, dialect)          one item
check_event(event, dialect)        one event as a client gets it, numbered
check_stream(events, dialect)      a whole stream; returns the finished response
read_stream(text)                  the events of an SSE body, whose framing it checks

Each raises AssertionError. Deviations from the letter of the specifications, besides MEMBERS_WE_ADD in schemas.py:

- `usage` is null until a response has finished, and may be in one that failed or was cancelled; the `first_id` and
  `last_id` of an empty list are null. OpenAI sends these nulls and specifies none.
- Items and events that Open Responses does not know are prefixed with `ossian:`, as its text wants; its schema has no
  place for them. They have a `type`, and items an `id` and a `status`.
- Open Responses specifies responses and compactions only; other objects are OpenAI's in every dialect.
"""

import json
from typing import Any, Final

from ossian.api.responses.dialects import VENDOR, Dialect
from tests.specs.schemas import check, event_schemas
from tests.specs.stream_order import check_order

Json = dict[str, Any]

_OPENAI_OBJECTS: Final = {
    "response": "Response",
    "response.compaction": "CompactResource",
    "response.input_tokens": "TokenCountsResource",
    "list": "ResponseItemList",
    "conversation": "ConversationResource",
    "conversation.deleted": "DeletedConversationResource",
}
_OPEN_OBJECTS: Final = {"response": "ResponseResource", "response.compaction": "CompactResource"}


def check_response(body: Json, dialect: Dialect = "openai") -> None:
    """Check an object, its items, and that what it says of itself agrees."""
    kind = body["object"]
    if dialect == "open-responses" and kind in _OPEN_OBJECTS:
        check(body | {"output": _known(body["output"])}, "open_responses", _OPEN_OBJECTS[kind])
    else:
        items = {"data": _known(body["data"])} if kind == "list" else {}
        check(_without_known_nulls(body) | items, "openai", _OPENAI_OBJECTS[kind])
    for item in body.get("output") or body.get("data", ()):
        _check_dialect(item, dialect)
    if kind == "response":
        _check_state(body)


def check_item(item: Json, dialect: Dialect = "openai") -> None:
    """Check one item."""
    _check_dialect(item, dialect)
    if dialect == "open-responses":
        for known in _known([item]):
            check(known, "open_responses", "ItemField")
    else:
        check(item, "openai", "ItemResource")


def check_event(event: Json, dialect: Dialect = "openai") -> None:
    """Check one event as a client gets it."""
    assert isinstance(event["sequence_number"], int)
    if event["type"].startswith(VENDOR):
        assert dialect == "open-responses", f"a foreign name outside Open Responses: {event['type']}"
        return
    spec = "open_responses" if dialect == "open-responses" else "openai"
    schemas = event_schemas(spec)
    assert event["type"] in schemas, f"{spec} knows no event {event['type']}"
    assert dialect != "summary" or "reasoning_text" not in event["type"], "raw reasoning instead of its summary"
    if "response" in event:
        check_response(event["response"], dialect)
        assert event.keys() == {"type", "response", "sequence_number"}
        return
    if "item" in event:
        _check_dialect(event["item"], dialect)
        event = event | {"item": next(iter(_known([event["item"]])), None)}
    check(event, spec, schemas[event["type"]])


def check_stream(events: list[Json], dialect: Dialect = "openai") -> Json:
    """Check a stream from its first event to its last; return the finished response."""
    for event in events:
        check_event(event, dialect)
    return check_order(events)


def read_stream(text: str) -> list[Json]:
    """Return the events of an SSE body. Each has one `event:` equal to its type and no `id:`; `[DONE]` is the last."""
    blocks = [block for block in text.split("\n\n") if block and not block.startswith(":")]
    assert blocks[-1] == "data: [DONE]", f"the stream does not end with [DONE] but with {blocks[-1][:200]}"
    return [_read_event(block) for block in blocks[:-1]]


def _read_event(block: str) -> Json:
    name, data = block.split("\n")
    assert name.startswith("event: "), block[:200]
    assert data.startswith("data: "), block[:200]
    event: Json = json.loads(data.removeprefix("data: "))
    assert name == f"event: {event['type']}"
    return event


def _known(items: list[Json]) -> list[Json]:
    return [item for item in items if not item["type"].startswith(VENDOR)]


def _without_known_nulls(body: Json) -> Json:
    if body["object"] == "list" and not body["data"]:
        return body | {name: body[name] or "" for name in ("first_id", "last_id")}
    if body["object"] == "response" and body["usage"] is None and body["status"] not in ("completed", "incomplete"):
        return {name: value for name, value in body.items() if name != "usage"}
    return body


def _check_dialect(item: Json, dialect: Dialect) -> None:
    assert item["id"], f"an item without an id: {item}"
    if item["type"].startswith(VENDOR):
        assert dialect == "open-responses", f"a foreign name outside Open Responses: {item['type']}"
        assert item["status"] in ("in_progress", "completed", "incomplete")
    if dialect == "summary" and item["type"] == "reasoning":
        assert "content" not in item, "raw reasoning instead of its summary"


def _check_state(body: Json) -> None:
    """What a response says of itself, and of its items, agrees with its status."""
    status, output = body["status"], body["output"]
    assert (body["error"] is not None) == (status == "failed"), f"{status} with error {body['error']}"
    assert (body["incomplete_details"] is not None) == (status == "incomplete"), f"{status}: incomplete_details"
    assert (body["completed_at"] is not None) == (status == "completed"), f"{status}: completed_at"
    assert len({item["id"] for item in output}) == len(output), "two items have the same id"
    statuses = [item["status"] for item in output]
    assert all(each == "completed" for each in statuses[:-1]), "an item that is not complete is not the last"
    if status == "completed":
        assert set(statuses) <= {"completed"}, "a completed response has an item that is not"
    if status in ("completed", "incomplete", "failed", "cancelled"):
        assert "in_progress" not in statuses, f"a {status} response has an item in progress"
    if body["usage"] is not None:
        assert body["usage"]["total_tokens"] == body["usage"]["input_tokens"] + body["usage"]["output_tokens"]
