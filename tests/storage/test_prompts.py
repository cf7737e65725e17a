"""Stored prompts and their versions, on both databases."""

import asyncio

import pytest

from ossian.storage import Database, Order, StoredPrompt

BODY = {"instructions": "Speak like {{who}}.", "variables": {"who": "a pirate"}}


async def make(database: Database, *names: str, scope: str = "a", created_at: int = 1000) -> None:
    for name in names:
        assert await database.prompts.create(scope, name, {"instructions": name}, created_at)


async def test_a_prompt_comes_back_as_it_was(database: Database) -> None:
    created = await database.prompts.create("a", "pmpt_1", BODY, 1000)
    assert created == StoredPrompt("pmpt_1", "a", 1, BODY, 1000)
    assert await database.prompts.get("a", "pmpt_1") == created


async def test_the_newest_version_is_the_default_and_older_ones_stay(database: Database) -> None:
    await make(database, "pmpt_1")
    second = await database.prompts.add_version("a", "pmpt_1", BODY, 2000)
    assert second == StoredPrompt("pmpt_1", "a", 2, BODY, 2000)
    assert await database.prompts.get("a", "pmpt_1") == second
    assert await database.prompts.get("a", "pmpt_1", 2) == second
    first = StoredPrompt("pmpt_1", "a", 1, {"instructions": "pmpt_1"}, 1000)
    assert await database.prompts.get("a", "pmpt_1", 1) == first


async def test_what_is_not_there_is_none(database: Database) -> None:
    prompts = database.prompts
    assert await prompts.get("a", "pmpt_1") is None
    assert await prompts.add_version("a", "pmpt_1", BODY, 1) is None
    assert not await prompts.delete("a", "pmpt_1")
    assert await prompts.page("a", after="pmpt_1") is None
    await make(database, "pmpt_1")
    for version in [-1, 0, 2, 2**31 - 1]:
        assert await prompts.get("a", "pmpt_1", version) is None


@pytest.mark.parametrize("version", [2**31, 2**63, 10**100])
async def test_no_version_is_too_large_to_ask_for(database: Database, version: int) -> None:
    await make(database, "pmpt_1")
    assert await database.prompts.get("a", "pmpt_1", version) is None
    assert await database.prompts.get("a", "pmpt_1", -version) is None


async def test_an_id_that_is_taken_stays_with_the_first(database: Database) -> None:
    await make(database, "pmpt_1")
    for scope in ["a", "b"]:
        assert await database.prompts.create(scope, "pmpt_1", BODY, 1) is None
    assert await database.prompts.get("a", "pmpt_1", 1) == StoredPrompt(
        "pmpt_1", "a", 1, {"instructions": "pmpt_1"}, 1000
    )


async def test_deleting_takes_all_versions(database: Database) -> None:
    await make(database, "pmpt_1")
    await database.prompts.add_version("a", "pmpt_1", BODY, 2000)
    assert await database.prompts.delete("a", "pmpt_1")
    assert await database.prompts.get("a", "pmpt_1", 1) is None
    await make(database, "pmpt_1")
    assert await database.prompts.get("a", "pmpt_1", 2) is None


async def test_versions_added_at_once_have_numbers_of_their_own(database: Database) -> None:
    await make(database, "pmpt_1")
    added = await asyncio.gather(*(database.prompts.add_version("a", "pmpt_1", BODY, 1) for _ in range(10)))
    assert sorted(prompt.version for prompt in added if prompt) == list(range(2, 12))


@pytest.mark.parametrize(
    "order, limit, after, expected, has_more",
    [
        ("asc", 20, None, ["old", "a", "b", "new"], False),
        ("asc", 3, None, ["old", "a", "b"], True),
        ("asc", 2, "a", ["b", "new"], False),
        ("desc", 2, None, ["new", "b"], True),
        ("desc", 2, "b", ["a", "old"], False),
        ("desc", 2, "old", [], False),
    ],
)
async def test_pages_are_by_age_and_show_the_newest_version(
    database: Database, order: Order, limit: int, after: str | None, expected: list[str], has_more: bool
) -> None:
    await make(database, "new", created_at=3)
    await make(database, "b", "a", created_at=2)
    await make(database, "old", created_at=1)
    await make(database, "another's", scope="b", created_at=2)
    await database.prompts.add_version("a", "a", BODY, 9)
    page = await database.prompts.page("a", after, limit, order)
    assert page is not None
    assert ([prompt.id for prompt in page.items], page.has_more) == (expected, has_more)
    assert [prompt.version for prompt in page.items if prompt.id == "a"] in ([2], [])
