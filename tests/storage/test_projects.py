"""Stored projects, on both databases."""

import asyncio
from dataclasses import replace

import pytest

from ossian.storage import Database, NameTakenError, Order, StoredAuditEntry, StoredProject
from tests.storage.samples import entry

PROJECT = StoredProject(
    id="proj_1",
    name="Küche ☕",
    created_at=1000,
    limits={"requests_per_minute": 5},
    model_limits={"gpt-oss-20b": {"tokens_per_minute": None}},
    budget={"amount": "12.50", "period": "month"},
)


async def make(database: Database, *projects: StoredProject) -> None:
    for project in projects:
        assert await database.projects.create(project, entry(project.id))


async def num_entries(database: Database) -> int:
    page = await database.audit.page()
    assert page is not None
    return len(page.items)


def renamed(project: StoredProject, name: str = "renamed") -> tuple[StoredProject, StoredAuditEntry | None]:
    return replace(project, name=name), entry("change")


@pytest.mark.parametrize("project", [PROJECT, StoredProject("proj_1", "plain", 1000)])
async def test_a_project_comes_back_as_it_was(database: Database, project: StoredProject) -> None:
    await make(database, project)
    assert await database.projects.get("proj_1") == project
    assert await database.projects.find_by_name(project.name) == project


async def test_what_is_not_there_is_none(database: Database) -> None:
    assert await database.projects.get("proj_1") is None
    assert await database.projects.find_by_name("demo") is None
    assert await database.projects.page(after="proj_1") is None
    assert await database.projects.update("proj_1", renamed) is None
    assert await num_entries(database) == 0


@pytest.mark.parametrize("name", ["\0", "\ud800", "x" * 10_000, "'; DROP TABLE projects; --"])
async def test_anything_may_be_asked_for(database: Database, name: str) -> None:
    await make(database, PROJECT)
    assert await database.projects.get(name) is None
    assert await database.projects.find_by_name(name) is None
    assert await database.projects.page(after=name) is None


async def test_a_name_or_an_id_that_is_taken_stores_nothing(database: Database) -> None:
    await make(database, PROJECT)
    assert not await database.projects.create(replace(PROJECT, id="proj_2"), entry("a"))
    assert not await database.projects.create(replace(PROJECT, name="other"), entry("b"))
    assert await database.projects.get("proj_2") is None
    assert await num_entries(database) == 1


async def test_of_many_that_take_a_name_at_once_one_has_it(database: Database) -> None:
    rivals = [replace(PROJECT, id=f"proj_{number}") for number in range(8)]
    made = await asyncio.gather(*(database.projects.create(each, entry(each.id)) for each in rivals))
    assert sum(made) == 1
    assert await num_entries(database) == 1


async def test_the_name_of_an_archived_project_is_free(database: Database) -> None:
    archived = replace(PROJECT, archived_at=2000)
    await make(database, archived, replace(PROJECT, id="proj_2"), replace(archived, id="proj_3"))
    found = await database.projects.find_by_name(PROJECT.name)
    assert found is not None
    assert found.id == "proj_2"


async def test_a_change_is_stored_with_its_entry(database: Database) -> None:
    await make(database, PROJECT)
    changed = replace(PROJECT, name="renamed", limits=None, model_limits={}, budget=None, archived_at=3000)
    assert await database.projects.update("proj_1", lambda _: (changed, entry("change"))) == changed
    assert await database.projects.get("proj_1") == changed
    assert await num_entries(database) == 2


async def test_a_change_without_an_entry_is_none(database: Database) -> None:
    await make(database, PROJECT)
    await database.projects.update("proj_1", lambda project: (replace(project, name="x"), None))
    assert await database.projects.get("proj_1") == PROJECT


async def test_a_change_that_fails_stores_nothing(database: Database) -> None:
    await make(database, PROJECT)

    def fail(_: StoredProject) -> tuple[StoredProject, StoredAuditEntry]:
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        await database.projects.update("proj_1", fail)
    assert await database.projects.get("proj_1") == PROJECT


async def test_a_change_to_a_name_that_is_taken_stores_nothing(database: Database) -> None:
    await make(database, PROJECT, StoredProject("proj_2", "other", 1000))
    with pytest.raises(NameTakenError):
        await database.projects.update("proj_2", lambda project: renamed(project, PROJECT.name))
    found = await database.projects.get("proj_2")
    assert found is not None
    assert found.name == "other"
    assert await num_entries(database) == 2


async def test_changes_at_once_are_made_one_after_the_other(database: Database) -> None:
    await make(database, StoredProject("proj_1", "demo", 1000))

    async def limit(number: int) -> None:
        def change(project: StoredProject) -> tuple[StoredProject, StoredAuditEntry]:
            return replace(project, model_limits={**project.model_limits, str(number): {}}), entry(f"change_{number}")

        await database.projects.update("proj_1", change)

    await asyncio.gather(*map(limit, range(10)))
    found = await database.projects.get("proj_1")
    assert found is not None
    assert set(found.model_limits) == {str(number) for number in range(10)}


@pytest.mark.parametrize(
    "order, limit, after, archived, expected, has_more",
    [
        ("asc", 20, None, False, ["old", "a", "b"], False),
        ("asc", 20, None, True, ["old", "a", "b", "gone"], False),
        ("asc", 2, None, False, ["old", "a"], True),
        ("asc", 2, "a", False, ["b"], False),
        ("desc", 1, None, False, ["b"], True),
        ("desc", 5, "gone", False, ["b", "a", "old"], False),
    ],
)
async def test_pages_are_by_age(
    database: Database, order: Order, limit: int, after: str | None, archived: bool, expected: list[str], has_more: bool
) -> None:
    await make(
        database,
        StoredProject("gone", "gone", 9, archived_at=10),
        StoredProject("b", "b", 2),
        StoredProject("a", "a", 2),
        StoredProject("old", "old", 1),
    )
    page = await database.projects.page(after, limit, order, archived)
    assert page is not None
    assert ([project.id for project in page.items], page.has_more) == (expected, has_more)
