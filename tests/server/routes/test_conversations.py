"""Conversations over HTTP and through the openai SDK, whose calls are those of OpenAI's own examples."""

from collections.abc import Iterator
from typing import Any

import pytest
from openai import NotFoundError

from ossian.server.responses import state
from tests.server.serving import MODEL, NOW, Served, scripted, serving
from tests.specs.schemas import check

HELLO = {"type": "message", "role": "user", "content": "Hello!"}
REASONING = {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "I think."}]}
CALL = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "42"}
KEYS = ("first-key", "second-key")


@pytest.fixture(scope="module")
def locked() -> Iterator[Served]:
    with serving(scripted(), api_keys=KEYS) as served:
        yield served


def asked(server: Served, method: str, path: str, key: str = "none", **options: Any) -> Any:
    with server.http() as client:
        return client.request(method, f"/v1/conversations{path}", headers={"authorization": f"Bearer {key}"}, **options)


def made(server: Served, *items: dict[str, Any], **metadata: str) -> str:
    conversation_id: str = asked(server, "POST", "", json={"items": list(items), "metadata": metadata}).json()["id"]
    return conversation_id


def filled(server: Served, num_items: int) -> tuple[str, list[str]]:
    """A conversation with so many messages, and their ids."""
    conversation_id = made(server)
    ids: list[str] = []
    for start in range(0, num_items, 20):
        items = [HELLO | {"content": f"{number}"} for number in range(start, min(start + 20, num_items))]
        listed = asked(server, "POST", f"/{conversation_id}/items", json={"items": items}).json()
        ids += [item["id"] for item in listed["data"]]
    return conversation_id, ids


def error_of(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    error: dict[str, Any] = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return error


def test_openais_examples_through_the_sdk(server: Served) -> None:
    """Create, retrieve, update, delete, and the items' create, list, retrieve and delete, as documented."""
    client = server.client
    conversation = client.conversations.create(
        metadata={"topic": "demo"}, items=[{"type": "message", "role": "user", "content": "Hello!"}]
    )
    assert (conversation.object, conversation.created_at, conversation.metadata) == (
        "conversation",
        NOW,
        {"topic": "demo"},
    )
    assert conversation.id.startswith("conv_")
    assert client.conversations.retrieve(conversation.id) == conversation
    updated = client.conversations.update(conversation.id, metadata={"topic": "project-x"})
    assert (updated.id, updated.metadata) == (conversation.id, {"topic": "project-x"})
    assert client.conversations.retrieve(conversation.id).metadata == {"topic": "project-x"}
    created = client.conversations.items.create(
        conversation.id,
        items=[
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello!"}]},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "How are you?"}]},
        ],
    )
    assert [item.type for item in created.data] == ["message", "message"]
    listed = client.conversations.items.list(conversation.id, limit=10)
    assert [item.id for item in listed.data][:2] == [created.data[1].id, created.data[0].id]
    assert len(listed.data) == 3
    item = client.conversations.items.retrieve(conversation_id=conversation.id, item_id=created.data[0].id or "")
    assert item == created.data[0]
    left = client.conversations.items.delete(conversation_id=conversation.id, item_id=created.data[0].id or "")
    assert left == updated
    assert len(client.conversations.items.list(conversation.id).data) == 2
    deleted = client.conversations.delete(conversation.id)
    assert (deleted.id, deleted.object, deleted.deleted) == (conversation.id, "conversation.deleted", True)
    with pytest.raises(NotFoundError, match="not found"):
        client.conversations.retrieve(conversation.id)


def test_every_answer_is_what_openai_specifies(server: Served) -> None:
    conversation = asked(server, "POST", "", json={"items": [HELLO, REASONING, CALL, OUTPUT]}).json()
    check(conversation, "openai", "ConversationResource")
    path = f"/{conversation['id']}"
    listed = asked(server, "GET", f"{path}/items").json()
    check(listed, "openai", "ConversationItemList")
    assert [item["type"] for item in listed["data"]] == [
        "function_call_output",
        "function_call",
        "reasoning",
        "message",
    ]
    for item in listed["data"]:
        check(asked(server, "GET", f"{path}/items/{item['id']}").json(), "openai", "ConversationItem")
    check(asked(server, "POST", f"{path}/items", json={"items": [HELLO]}).json(), "openai", "ConversationItemList")
    check(asked(server, "DELETE", f"{path}/items/{listed['data'][0]['id']}").json(), "openai", "ConversationResource")
    check(asked(server, "DELETE", path).json(), "openai", "DeletedConversationResource")
    check(asked(server, "GET", f"/{made(server)}/items").json(), "openai", "ConversationItemList")


def test_items_get_ids_and_keep_those_they_have(server: Served) -> None:
    conversation_id = made(server, HELLO, HELLO | {"id": "msg_mine"})
    items = asked(server, "GET", f"/{conversation_id}/items?order=asc").json()["data"]
    assert items[0]["id"].startswith("msg_")
    assert items[1]["id"] == "msg_mine"
    assert [item["status"] for item in items] == ["completed", "completed"]


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 7, 20, 23])
def test_pages_hold_every_item_once_and_in_order(server: Served, order: str, limit: int) -> None:
    conversation_id, ids = filled(server, 23)
    query: dict[str, Any] = {"order": order, "limit": limit}
    seen: list[str] = []
    has_more = True
    while has_more:
        page = asked(server, "GET", f"/{conversation_id}/items", params=query).json()
        seen += [item["id"] for item in page["data"]]
        assert (page["first_id"], page["last_id"]) == (page["data"][0]["id"], page["data"][-1]["id"])
        has_more = page["has_more"]
        query["after"] = page["last_id"]
    assert seen == (ids if order == "asc" else ids[::-1])


def test_the_sdk_pages_through_all_items(server: Served) -> None:
    conversation_id, ids = filled(server, 23)
    listed = server.client.conversations.items.list(conversation_id, order="asc", limit=5)
    assert [item.id for item in listed] == ids


def test_twenty_items_are_a_page_unless_said_otherwise(server: Served) -> None:
    conversation_id, ids = filled(server, 21)
    page = asked(server, "GET", f"/{conversation_id}/items").json()
    assert [item["id"] for item in page["data"]] == ids[:0:-1]
    assert page["has_more"]


def test_reasoning_is_encrypted_for_who_asks(server: Served) -> None:
    conversation_id = made(server, REASONING)
    include = "?include[]=reasoning.encrypted_content"
    plain = asked(server, "GET", f"/{conversation_id}/items").json()["data"][0]
    asked_for = asked(server, "GET", f"/{conversation_id}/items{include}").json()["data"][0]
    alone = asked(server, "GET", f"/{conversation_id}/items/{plain['id']}{include}").json()
    created = asked(server, "POST", f"/{conversation_id}/items{include}", json={"items": [REASONING]}).json()["data"][0]
    assert "encrypted_content" not in plain
    for item in (asked_for, alone, created):
        check(item, "openai", "ConversationItem")
        assert item["encrypted_content"]
        assert "think" not in item["encrypted_content"]


def test_reasoning_is_named_as_the_caller_wishes(server: Served) -> None:
    conversation_id = made(server, REASONING)
    with server.http() as client:
        items = f"/v1/conversations/{conversation_id}/items"
        summary = {"x-ossian-reasoning-events": "summary"}
        (listed,) = client.get(items, headers=summary).json()["data"]
        alone = client.get(f"{items}/{listed['id']}", headers=summary).json()
        (added,) = client.post(items, headers=summary, json={"items": [REASONING]}).json()["data"]
        unknown = client.post(items, headers={"x-ossian-reasoning-events": "x"}, json={"items": [REASONING]})
        number = len(client.get(items).json()["data"])
    for item in (listed, alone, added):
        assert item["summary"] == [{"type": "summary_text", "text": "I think."}]
    assert (unknown.status_code, number) == (400, 2)


def test_a_reference_is_stored_as_what_it_refers_to(server: Served) -> None:
    first = made(server, HELLO | {"id": "msg_shared", "content": "What is meant"})
    second = made(server)
    body = {"items": [{"type": "item_reference", "id": "msg_shared"}]}
    item = asked(server, "POST", f"/{second}/items", json=body).json()["data"][0]
    assert item == asked(server, "GET", f"/{first}/items/msg_shared").json()
    error = error_of(
        asked(server, "POST", "", json={"items": [HELLO, {"type": "item_reference", "id": "msg_no"}]}), 404
    )
    assert (error["param"], error["code"]) == ("items[1].id", "item_not_found")


@pytest.mark.parametrize(
    "body, param",
    [
        ({"items": [HELLO] * 21}, "items"),
        ({"items": [HELLO, {"type": "nonsense"}]}, "items[1]"),
        ({"items": [HELLO | {"role": "bot"}]}, "items[0].role"),
        ({"items": [{"type": "function_call", "name": "f", "arguments": "{}"}]}, "items[0].call_id"),
        ({"metadata": {"a": 1}}, "metadata.a"),
    ],
    ids=str,
)
def test_a_wrong_conversation_is_named_where_it_is_wrong(server: Served, body: Any, param: str) -> None:
    error = error_of(asked(server, "POST", "", json=body), 400)
    assert error["param"].startswith(param)


@pytest.mark.parametrize(
    "query, param", [("limit=0", "limit"), ("order=up", "order"), ("include=x", "include"), ("include[]=x", "include")]
)
def test_a_wrong_query_is_named(server: Served, query: str, param: str) -> None:
    assert error_of(asked(server, "GET", f"/{made(server)}/items?{query}"), 400)["param"] == param


@pytest.mark.parametrize("conversation_id", ["conv_nothing", "x" * 3000, "%00", "%ED%A0%80", "a'b"])
def test_a_conversation_that_is_not_there(server: Served, conversation_id: str) -> None:
    path = f"/{conversation_id}"
    for method, rest, body in (
        ("GET", "", None),
        ("POST", "", {"metadata": {}}),
        ("DELETE", "", None),
        ("GET", "/items", None),
        ("POST", "/items", {"items": [HELLO]}),
        ("GET", "/items/msg_1", None),
        ("DELETE", "/items/msg_1", None),
    ):
        error = error_of(asked(server, method, path + rest, json=body), 404)
        assert error["code"] == "conversation_not_found"
        assert len(error["message"]) < 150


def test_an_item_that_is_not_there(server: Served) -> None:
    conversation_id, other = made(server, HELLO), made(server, HELLO | {"id": "msg_of_another"})
    for item_id in ("msg_nothing", "msg_of_another"):
        for method in ("GET", "DELETE"):
            error = error_of(asked(server, method, f"/{conversation_id}/items/{item_id}"), 404)
            assert error["code"] == "item_not_found"
        error = error_of(asked(server, "GET", f"/{conversation_id}/items?after={item_id}"), 404)
        assert (error["param"], error["code"]) == ("after", "item_not_found")
    assert asked(server, "GET", f"/{other}/items/msg_of_another").status_code == 200


def test_what_is_anothers_does_not_exist(locked: Served) -> None:
    mine, theirs = KEYS
    conversation = asked(locked, "POST", "", mine, json={"items": [HELLO | {"id": "msg_mine"}]}).json()
    path = f"/{conversation['id']}"
    for method, rest, body in (
        ("GET", "", None),
        ("POST", "", {"metadata": {"a": "b"}}),
        ("DELETE", "", None),
        ("GET", "/items", None),
        ("POST", "/items", {"items": [HELLO]}),
        ("GET", "/items/msg_mine", None),
        ("DELETE", "/items/msg_mine", None),
    ):
        error = error_of(asked(locked, method, path + rest, theirs, json=body), 404)
        assert error["code"] == "conversation_not_found"
    reference = {"items": [{"type": "item_reference", "id": "msg_mine"}]}
    assert error_of(asked(locked, "POST", "", theirs, json=reference), 404)["code"] == "item_not_found"
    assert asked(locked, "GET", path, mine).json() == conversation
    assert len(asked(locked, "GET", f"{path}/items", mine).json()["data"]) == 1


def test_a_conversation_is_not_of_any_size(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    conversation_id = made(server, HELLO)
    monkeypatch.setattr(state, "MAX_CONVERSATION_CHARS", 2_000)
    long = {"items": [HELLO | {"content": "x" * 1_000}]}
    assert asked(server, "POST", f"/{conversation_id}/items", json=long).status_code == 200
    error = error_of(asked(server, "POST", f"/{conversation_id}/items", json=long), 400)
    assert (error["param"], error["code"]) == ("items", "conversation_too_large")
    assert "the most is 2000" in error["message"]
    said = [{"type": "web_search_call", "blob": "x" * 1_000}, HELLO]  # the model is not shown the first
    body = {"model": MODEL, "input": said, "conversation": conversation_id}
    error = error_of(server.post("/v1/responses", json=body), 400)
    assert (error["param"], error["code"]) == ("conversation", "conversation_too_large")
    assert len(asked(server, "GET", f"/{conversation_id}/items").json()["data"]) == 2
