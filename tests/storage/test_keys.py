"""Stored API keys of both kinds, on both databases."""

import asyncio
from dataclasses import replace

import pytest

from ossian.storage import Database, Order, StoredAdminKey, StoredAuditEntry, StoredKey, StoredProject
from tests.storage.samples import entry

PROJECT = StoredProject("proj_1", "demo", 1000)
KEY = StoredKey(
    id="key_1",
    project_id="proj_1",
    name="Ada's laptop",
    prefix="sk-ossian-abc123",
    digest="d" * 64,
    created_at=1000,
    description="two\nlines",
    expires_at=5000,
    last_used_at=1500,
    is_enabled=False,
    scopes={"endpoints": ["responses"], "models": None},
    limits={"requests_per_minute": 5},
    budget={"amount": "1", "period": "none"},
)
PLAIN = StoredKey("key_1", "proj_1", "laptop", "sk-ossian-abc123", "d" * 64, 1000)
ADMIN_KEY = StoredAdminKey("adm_1", "root", "sk-ossian-admin-abc123", "e" * 64, 1000, expires_at=9, is_enabled=False)


@pytest.fixture(autouse=True)
async def project(database: Database) -> None:
    assert await database.projects.create(PROJECT, entry("project"))


async def make(database: Database, *keys: StoredKey) -> None:
    for key in keys:
        assert await database.keys.create(key, entry(f"of_{key.id}"))


async def num_entries(database: Database) -> int:
    page = await database.audit.page()
    assert page is not None
    return len(page.items)


@pytest.mark.parametrize("key", [KEY, PLAIN])
async def test_a_key_comes_back_as_it_was(database: Database, key: StoredKey) -> None:
    await make(database, key)
    assert await database.keys.get("proj_1", "key_1") == key
    assert await database.keys.find_by_id("key_1") == key
    assert await database.keys.find_by_prefix("sk-ossian-abc123") == key
    assert await database.keys.find(key.digest) == (key, PROJECT)


async def test_an_admin_key_comes_back_as_it_was(database: Database) -> None:
    await database.keys.create_admin(ADMIN_KEY, entry("a"))
    assert await database.keys.get_admin("adm_1") == ADMIN_KEY
    assert await database.keys.find_admin(ADMIN_KEY.digest) == ADMIN_KEY
    assert await num_entries(database) == 2


async def test_the_two_kinds_are_never_taken_for_each_other(database: Database) -> None:
    await make(database, KEY)
    await database.keys.create_admin(ADMIN_KEY, entry("a"))
    keys = database.keys
    assert await keys.find(ADMIN_KEY.digest) is None
    assert await keys.find_admin(KEY.digest) is None
    assert await keys.find_by_id("adm_1") is None
    assert await keys.get_admin("key_1") is None
    assert await keys.find_by_prefix(ADMIN_KEY.prefix) is None
    assert await keys.update_admin("key_1", lambda key: (key, entry("x"))) is None
    assert await keys.update("proj_1", "adm_1", lambda key: (key, entry("x"))) is None
    for both, expected in [(await keys.page("proj_1"), ["key_1"]), (await keys.page_admin(), ["adm_1"])]:
        assert both is not None
        assert [key.id for key in both.items] == expected


async def test_a_key_is_its_projects_alone(database: Database) -> None:
    await database.projects.create(StoredProject("proj_2", "other", 1000), entry("other"))
    await make(database, KEY)
    assert await database.keys.get("proj_2", "key_1") is None
    assert await database.keys.update("proj_2", "key_1", lambda key: (replace(key, name="x"), entry("x"))) is None
    assert await database.keys.get("proj_1", "key_1") == KEY
    page = await database.keys.page("proj_2")
    assert page is not None
    assert page.items == []


async def test_there_are_no_keys_in_what_is_no_project(database: Database) -> None:
    before = await num_entries(database)
    assert not await database.keys.create(replace(KEY, project_id="proj_9"), entry("x"))
    await database.projects.update("proj_1", lambda project: (replace(project, archived_at=1), None))
    await database.projects.update("proj_1", lambda project: (replace(project, archived_at=1), entry("archived")))
    assert not await database.keys.create(KEY, entry("y"))
    assert await database.keys.find(KEY.digest) is None
    assert await num_entries(database) == before + 1


async def test_what_is_not_there_is_none(database: Database) -> None:
    for text in ["key_1", "\0", "\ud800", "x" * 10_000]:
        assert await database.keys.find(text) is None
        assert await database.keys.find_admin(text) is None
        assert await database.keys.get("proj_1", text) is None
        assert await database.keys.get(text, "key_1") is None
        assert await database.keys.page("proj_1", after=text) is None
        assert await database.keys.page_admin(after=text) is None


async def test_only_projects_keys_that_are_not_revoked_make_a_server_keyed(database: Database) -> None:
    assert not await database.keys.has_keys()
    await database.keys.create_admin(ADMIN_KEY, entry("a"))
    assert not await database.keys.has_keys()
    await make(database, KEY)
    assert await database.keys.has_keys()
    await database.keys.update("proj_1", "key_1", lambda key: (replace(key, revoked_at=1), entry("revoked")))
    assert not await database.keys.has_keys()


async def test_changes_at_once_are_made_one_after_the_other(database: Database) -> None:
    await make(database, PLAIN)

    async def write(number: int) -> None:
        def change(key: StoredKey) -> tuple[StoredKey, StoredAuditEntry]:
            return replace(key, description=key.description + str(number)), entry(f"change_{number}")

        await database.keys.update("proj_1", "key_1", change)

    await asyncio.gather(*map(write, range(10)))
    found = await database.keys.get("proj_1", "key_1")
    assert found is not None
    assert sorted(found.description) == list("0123456789")
    assert await num_entries(database) == 12


async def test_a_change_that_fails_or_says_nothing_stores_nothing(database: Database) -> None:
    await make(database, KEY)
    await database.keys.create_admin(ADMIN_KEY, entry("a"))

    def fail(key: object) -> tuple[StoredKey, StoredAuditEntry]:
        raise LookupError("no")

    with pytest.raises(LookupError):
        await database.keys.update("proj_1", "key_1", fail)
    await database.keys.update("proj_1", "key_1", lambda key: (replace(key, name="x"), None))
    await database.keys.update_admin("adm_1", lambda key: (replace(key, name="x"), None))
    assert await database.keys.get("proj_1", "key_1") == KEY
    assert await database.keys.get_admin("adm_1") == ADMIN_KEY


async def test_an_admin_key_is_changed(database: Database) -> None:
    await database.keys.create_admin(ADMIN_KEY, entry("a"))
    changed = replace(ADMIN_KEY, name="new", revoked_at=7, is_enabled=True, expires_at=None)
    assert await database.keys.update_admin("adm_1", lambda _: (changed, entry("b"))) == changed
    assert await database.keys.get_admin("adm_1") == changed


async def test_the_last_use_moves_forward_only(database: Database) -> None:
    await make(database, PLAIN, replace(PLAIN, id="key_2", digest="f" * 64, last_used_at=50))
    await database.keys.create_admin(ADMIN_KEY, entry("a"))
    await database.keys.note_used({})
    await database.keys.note_used({"key_1": 20, "key_2": 40, "adm_1": 30, "key_9": 10})
    await database.keys.note_used({"key_1": 10})
    found = [await database.keys.find_by_id("key_1"), await database.keys.find_by_id("key_2")]
    assert [key and key.last_used_at for key in found] == [20, 50]
    admin_key = await database.keys.get_admin("adm_1")
    assert admin_key is not None
    assert admin_key.last_used_at == 30


async def test_servers_that_note_the_same_keys_at_once_do_not_lock_each_other_out(database: Database) -> None:
    ids = [f"key_{number}" for number in range(6)]
    await make(database, *(replace(PLAIN, id=key_id, digest=key_id) for key_id in ids))
    forwards, backwards = dict.fromkeys(ids, 1), dict.fromkeys(reversed(ids), 2)
    await asyncio.gather(*(database.keys.note_used(each) for each in [forwards, backwards] * 5))
    for key_id in ids:
        found = await database.keys.find_by_id(key_id)
        assert found is not None
        assert found.last_used_at == 2


async def test_a_prefix_of_two_keys_is_that_of_none(database: Database) -> None:
    await make(database, PLAIN, replace(PLAIN, id="key_2", digest="f" * 64))
    assert await database.keys.find_by_prefix(PLAIN.prefix) is None
    await database.keys.update("proj_1", "key_2", lambda key: (replace(key, revoked_at=1), entry("r")))
    assert await database.keys.find_by_prefix(PLAIN.prefix) == PLAIN


@pytest.mark.parametrize(
    "order, limit, after, revoked, expected, has_more",
    [
        ("asc", 20, None, False, ["old", "a", "b"], False),
        ("asc", 20, None, True, ["old", "a", "b", "gone"], False),
        ("asc", 1, "old", False, ["a"], True),
        ("desc", 2, None, False, ["b", "a"], True),
        ("desc", 2, "gone", False, ["b", "a"], True),
    ],
)
async def test_pages_are_by_age(
    database: Database, order: Order, limit: int, after: str | None, revoked: bool, expected: list[str], has_more: bool
) -> None:
    for name, created_at, revoked_at in [("gone", 9, 10), ("b", 2, None), ("a", 2, None), ("old", 1, None)]:
        key = replace(PLAIN, id=name, digest=name, created_at=created_at, revoked_at=revoked_at)
        await make(database, key)
        admin_key = replace(ADMIN_KEY, id=f"adm_{name}", digest=f"adm_{name}", created_at=created_at)
        await database.keys.create_admin(replace(admin_key, revoked_at=revoked_at), entry(f"adm_{name}"))
    page = await database.keys.page("proj_1", after, limit, order, revoked)
    assert page is not None
    assert ([key.id for key in page.items], page.has_more) == (expected, has_more)
    after_admin = None if after is None else f"adm_{after}"
    admin_page = await database.keys.page_admin(after_admin, limit, order, revoked)
    assert admin_page is not None
    assert [key.id for key in admin_page.items] == [f"adm_{name}" for name in expected]
