"""Conversations and their items, on both databases."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ossian.storage import Database, Order, StoredConversation
from tests.storage.samples import ids, item


async def make(database: Database, *names: str, conversation_id: str = "conv_1", scope: str = "a") -> None:
    conversation = StoredConversation(conversation_id, scope, 1000, {"topic": "tea"})
    assert await database.conversations.create(conversation, [item(name) for name in names])


async def test_a_conversation_comes_back_as_it_was(database: Database) -> None:
    await make(database, "one", "two")
    found = await database.conversations.get("a", "conv_1")
    assert found == StoredConversation("conv_1", "a", 1000, {"topic": "tea"})
    assert await database.conversations.items("a", "conv_1") == [item("one"), item("two")]


async def test_an_id_that_is_taken_stays_with_the_first(database: Database) -> None:
    await make(database, "one")
    for scope in ["a", "b"]:
        assert not await database.conversations.create(StoredConversation("conv_1", scope, 2), [item("two")])
    assert ids(await database.conversations.items("a", "conv_1")) == ["one"]


async def test_metadata_are_replaced(database: Database) -> None:
    await make(database)
    changed = await database.conversations.update("a", "conv_1", {"mood": "calm"})
    assert changed == StoredConversation("conv_1", "a", 1000, {"mood": "calm"})
    assert await database.conversations.get("a", "conv_1") == changed


async def test_what_is_not_there_is_none(database: Database) -> None:
    conversations = database.conversations
    assert await conversations.get("a", "conv_1") is None
    assert await conversations.update("a", "conv_1", {}) is None
    assert not await conversations.delete("a", "conv_1")
    assert not await conversations.append("a", "conv_1", [item("one")])
    assert await conversations.items("a", "conv_1") == []
    assert await conversations.page("a", "conv_1") is None
    assert await conversations.item("a", "conv_1", "one") is None
    assert not await conversations.delete_item("a", "conv_1", "one")


async def test_deleting_takes_the_items_along(database: Database) -> None:
    await make(database, "one")
    await make(database, "one", conversation_id="conv_2")
    assert await database.conversations.delete("a", "conv_1")
    assert await database.conversations.items("a", "conv_1") == []
    assert await database.conversations.item("a", "conv_2", "one") == item("one")
    await make(database)
    assert await database.conversations.items("a", "conv_1") == []


async def test_items_are_appended_in_order(database: Database) -> None:
    await make(database, "one")
    assert await database.conversations.append("a", "conv_1", [item("two"), item("three")])
    assert await database.conversations.append("a", "conv_1", [])
    assert await database.conversations.append("a", "conv_1", [item("four")])
    assert ids(await database.conversations.items("a", "conv_1")) == ["one", "two", "three", "four"]


async def test_an_item_whose_id_is_there_takes_its_place(database: Database) -> None:
    await make(database, "one", "two")
    await database.conversations.append("a", "conv_1", [item("one", "new"), item("three"), item("three", "newer")])
    expected = [item("one", "new"), item("two"), item("three", "newer")]
    assert await database.conversations.items("a", "conv_1") == expected


async def test_one_item_can_be_read_and_deleted(database: Database) -> None:
    await make(database, "one", "two", "three")
    assert await database.conversations.item("a", "conv_1", "two") == item("two")
    assert await database.conversations.delete_item("a", "conv_1", "two")
    assert not await database.conversations.delete_item("a", "conv_1", "two")
    assert await database.conversations.item("a", "conv_1", "two") is None
    await database.conversations.append("a", "conv_1", [item("four")])
    assert ids(await database.conversations.items("a", "conv_1")) == ["one", "three", "four"]


async def test_a_page_after_an_item_that_is_not_there_is_none(database: Database) -> None:
    await make(database, "one")
    await make(database, "two", conversation_id="conv_2")
    assert await database.conversations.page("a", "conv_1", after="two") is None


@pytest.mark.parametrize(
    "order, limit, after, expected, has_more",
    [
        ("asc", 20, None, ["one", "two", "three"], False),
        ("asc", 3, None, ["one", "two", "three"], False),
        ("asc", 2, None, ["one", "two"], True),
        ("asc", 1, "one", ["two"], True),
        ("asc", 1, "three", [], False),
        ("desc", 2, None, ["three", "two"], True),
        ("desc", 2, "two", ["one"], False),
    ],
)
async def test_pages(
    database: Database, order: Order, limit: int, after: str | None, expected: list[str], has_more: bool
) -> None:
    await make(database, "one", "two", "three")
    page = await database.conversations.page("a", "conv_1", after, limit, order)
    assert page is not None
    assert (ids(page.items), page.has_more) == (expected, has_more)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(num_items=st.integers(0, 12), limit=st.integers(1, 5), order=st.sampled_from(["asc", "desc"]))
async def test_pages_together_are_the_list(database: Database, num_items: int, limit: int, order: Order) -> None:
    await database.conversations.delete("a", "conv_1")
    names = [f"item_{number}" for number in range(num_items)]
    await make(database, *names)
    listed: list[str] = []
    has_more = True
    while has_more:
        page = await database.conversations.page("a", "conv_1", listed[-1] if listed else None, limit, order)
        assert page is not None
        listed += ids(page.items)
        has_more = page.has_more
    assert listed == (names if order == "asc" else names[::-1])


async def test_appending_at_once_loses_nothing(database: Database) -> None:
    await make(database)
    batches = [[item(f"{batch}_{number}") for number in range(3)] for batch in range(20)]
    assert all(await asyncio.gather(*(database.conversations.append("a", "conv_1", batch) for batch in batches)))
    together = ids(await database.conversations.items("a", "conv_1"))
    assert sorted(together) == sorted(body["id"] for batch in batches for body in batch)
    assert [together[first][-1] for first in range(0, 60, 3)] == ["0"] * 20, "each batch in one piece"


async def test_the_sizes_of_items_are_added_up(database: Database) -> None:
    assert await database.conversations.num_chars("a", "conv_1") == 0
    conversation = StoredConversation("conv_1", "a", 1, {})
    await database.conversations.create(conversation, [{"id": "msg_1", "text": "x" * 1000}])
    before = await database.conversations.num_chars("a", "conv_1")
    assert 1000 < before < 1100
    await database.conversations.append("a", "conv_1", [{"id": "msg_2", "text": "y" * 500}])
    assert 500 < await database.conversations.num_chars("a", "conv_1") - before < 600
    assert await database.conversations.num_chars("b", "conv_1") == 0
