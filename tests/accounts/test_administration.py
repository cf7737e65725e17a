"""Every change to accounts: what it does, that it is in the audit log, and how it is refused; on both databases."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from ossian.accounts.administration import DEFAULT_PROJECT, PEPPER, Administration
from ossian.accounts.audit import Actor, ActorKind
from ossian.accounts.budgets import Budget
from ossian.accounts.keys import AdminKey, ApiKey, KeyKind, KeyState, digest, is_secret_of, kind_of
from ossian.accounts.limits import UNLIMITED, Limits
from ossian.accounts.periods import Period
from ossian.accounts.projects import Project
from ossian.accounts.scopes import EVERYTHING, Endpoint, Scopes
from ossian.accounts.stored import admin_key_of, key_of, project_of
from ossian.errors import InvalidRequestError, NotFoundError, RequestError
from ossian.storage import AuditFilter, Database, StoredAuditEntry

NOW = 2000.5
ACTOR = Actor(ActorKind.CLI, "ada", "local")
HOSTED = Limits(requests_per_minute=400)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = await Database.open(database_url)
    yield database
    await database.close()


@pytest.fixture
async def administration(database: Database) -> Administration:
    """One whose clock goes on by a ten-thousandth of a second whenever it is looked at."""
    ticks, numbers = count(), count(1)
    pepper = await database.secret(PEPPER)
    return Administration(
        database, pepper, lambda: NOW + next(ticks) / 10_000, lambda prefix: f"{prefix}{next(numbers)}"
    )


@pytest.fixture
async def project(administration: Administration) -> Project:
    return await administration.create_project(ACTOR, "demo")


async def log(database: Database, **wanted: Any) -> list[StoredAuditEntry]:
    """The audit log, newest first."""
    page = await database.audit.page(AuditFilter(**wanted))
    assert page is not None
    return page.items


async def refusal(coroutine: Any) -> RequestError:
    with pytest.raises(RequestError) as caught:
        await coroutine
    return caught.value


# --- Projects ---


async def test_a_project_is_made_and_found_again(database: Database, administration: Administration) -> None:
    limits = {"requests_per_minute": 5}
    made = await administration.create_project(
        ACTOR, " demo ", limits=limits, model_limits={"m": limits}, budget={"amount": 10, "period": "month"}
    )
    five = Limits(requests_per_minute=5)
    assert made == Project(
        made.id, "demo", 2000, limits=five, model_limits={"m": five}, budget=Budget(Decimal(10), Period.MONTH)
    )
    assert await administration.project(made.id) == made
    stored = await database.projects.find_by_name("demo")
    assert stored is not None
    assert project_of(stored) == made
    (entry,) = await log(database)
    assert (entry.type, entry.object_id, entry.project_id, int(entry.created_at)) == (
        "project.created", made.id, made.id, 2000,
    )  # fmt: skip
    assert (entry.actor_kind, entry.actor_id, entry.actor_address) == ("cli", "ada", "local")
    assert entry.details["name"] == "demo"
    assert entry.details["limits"]["requests_per_minute"] == 5
    assert entry.details["budget"] == {"amount": "10", "period": "month"}


async def test_a_name_is_taken_until_its_project_is_archived(
    database: Database, administration: Administration, project: Project
) -> None:
    error = await refusal(administration.create_project(ACTOR, "demo"))
    assert (error.param, error.code) == ("name", "name_taken")
    assert "Choose another name, or archive that project" in error.message
    assert len(await log(database)) == 1
    await administration.archive_project(ACTOR, project.id)
    assert (await administration.create_project(ACTOR, "demo")).id != project.id


async def test_a_project_cannot_be_given_a_name_that_is_taken(
    database: Database, administration: Administration, project: Project
) -> None:
    other = await administration.create_project(ACTOR, "other")
    error = await refusal(administration.update_project(ACTOR, other.id, {"name": "demo"}))
    assert error.code == "name_taken"
    assert (await administration.project(other.id)).name == "other"
    assert len(await log(database)) == 2


async def test_only_what_is_given_is_changed(
    database: Database, administration: Administration, project: Project
) -> None:
    await administration.update_project(ACTOR, project.id, {"budget": {"amount": "2.50"}})
    changed = await administration.update_project(ACTOR, project.id, {"name": "renamed"})
    assert changed == replace(project, name="renamed", budget=Budget(Decimal("2.50")))
    assert await administration.project(project.id) == changed
    entry = (await log(database))[0]
    assert (entry.type, entry.details) == ("project.updated", {"name": "renamed"})


async def test_archiving_is_for_good_and_once(
    database: Database, administration: Administration, project: Project
) -> None:
    key, _ = await administration.create_key(ACTOR, project.id, "laptop")
    archived = await administration.archive_project(ACTOR, project.id)
    assert archived == replace(project, archived_at=2000)
    assert await administration.archive_project(ACTOR, project.id) == archived
    assert [entry.type for entry in await log(database, types=["project.archived"])] == ["project.archived"]
    for refused in [
        administration.update_project(ACTOR, project.id, {"name": "again"}),
        administration.create_key(ACTOR, project.id, "another"),
        administration.change_limits(ACTOR, project.id, {}, UNLIMITED),
    ]:
        error = await refusal(refused)
        assert (error.code, error.param) == ("project_archived", "project_id")
    assert await administration.key(project.id, key.id) == key


async def test_the_default_project_is_made_once(database: Database, administration: Administration) -> None:
    found = await asyncio.gather(*(administration.default_project(ACTOR) for _ in range(5)))
    assert {each.name for each in found} == {DEFAULT_PROJECT}
    assert len({each.id for each in found}) == 1
    assert len(await log(database)) == 1


async def test_an_archived_default_project_is_followed_by_a_new_one(administration: Administration) -> None:
    first = await administration.default_project(ACTOR)
    await administration.archive_project(ACTOR, first.id)
    assert (await administration.default_project(ACTOR)).id != first.id


# --- Limits ---


async def test_some_limits_of_a_project_are_changed(administration: Administration, project: Project) -> None:
    changed = await administration.change_limits(ACTOR, project.id, {"tokens_per_minute": 9}, HOSTED)
    assert changed.limits == Limits(requests_per_minute=400, tokens_per_minute=9)
    changed = await administration.change_limits(ACTOR, project.id, {"requests_per_minute": None}, HOSTED)
    assert changed.limits == Limits(tokens_per_minute=9)


async def test_a_models_limits_begin_with_those_it_has(
    database: Database, administration: Administration, project: Project
) -> None:
    await administration.change_limits(ACTOR, project.id, {"concurrent_requests": 3}, UNLIMITED)
    given = {"requests_per_minute": 5}
    changed = await administration.change_model_limits(ACTOR, project.id, "m", given, HOSTED)
    assert changed.model_limits == {"m": Limits(requests_per_minute=5, concurrent_requests=3)}
    changed = await administration.change_model_limits(ACTOR, project.id, "n", {"requests_per_minute": 1}, HOSTED)
    changed = await administration.change_model_limits(ACTOR, project.id, "m", {"tokens_per_minute": 7}, HOSTED)
    assert changed.model_limits == {
        "m": Limits(requests_per_minute=5, tokens_per_minute=7, concurrent_requests=3),
        "n": Limits(requests_per_minute=1, concurrent_requests=3),
    }
    changed = await administration.change_model_limits(ACTOR, project.id, "m", None, HOSTED)
    assert set(changed.model_limits) == {"n"}
    entries = [(entry.type, entry.object_id) for entry in await log(database, object_ids=["rl-m"])]
    assert entries == [("rate_limit.deleted", "rl-m"), *[("rate_limit.updated", "rl-m")] * 2]


async def test_limits_that_are_set_at_once_are_all_kept(administration: Administration, project: Project) -> None:
    models = [f"model-{number}" for number in range(8)]
    given = {"requests_per_minute": 1}
    await asyncio.gather(
        *(administration.change_model_limits(ACTOR, project.id, each, given, UNLIMITED) for each in models)
    )
    assert sorted((await administration.project(project.id)).model_limits) == models


async def test_some_limits_of_a_key_are_changed(administration: Administration, project: Project) -> None:
    key, _ = await administration.create_key(ACTOR, project.id, "laptop")
    changed = await administration.change_key_limits(ACTOR, project.id, key.id, {"tokens_per_minute": 9}, HOSTED)
    assert changed.limits == Limits(requests_per_minute=400, tokens_per_minute=9)
    assert await administration.key(project.id, key.id) == changed


@pytest.mark.parametrize("model_id", ["", "x" * 257, "a\nb"])
async def test_limits_are_of_what_can_be_a_model(
    administration: Administration, project: Project, model_id: str
) -> None:
    error = await refusal(administration.change_model_limits(ACTOR, project.id, model_id, {}, UNLIMITED))
    assert isinstance(error, InvalidRequestError)


# --- Keys ---


async def test_a_key_is_made_with_a_secret_that_is_not_kept(
    database: Database, administration: Administration, project: Project
) -> None:
    given = {
        "description": "Ada's\nlaptop",
        "expires_at": 3000,
        "scopes": {"endpoints": ["responses"], "models": ["m"]},
        "limits": {"concurrent_requests": 2},
        "budget": {"amount": 1},
    }
    key, secret = await administration.create_key(ACTOR, project.id, "laptop", **given)
    pepper = await database.secret(PEPPER)
    assert kind_of(secret) is KeyKind.PROJECT
    assert is_secret_of(key, secret, pepper)
    assert key == ApiKey(
        id=key.id,
        project_id=project.id,
        name="laptop",
        prefix=secret[:16],
        digest=digest(secret, pepper),
        created_at=2000,
        description="Ada's\nlaptop",
        expires_at=3000,
        scopes=Scopes(frozenset({Endpoint.RESPONSES}), frozenset({"m"})),
        limits=Limits(concurrent_requests=2),
        budget=Budget(Decimal(1)),
    )
    found = await database.keys.find(digest(secret, pepper))
    assert found is not None
    assert (key_of(found[0]), project_of(found[1])) == (key, project)
    entry = (await log(database))[0]
    assert (entry.type, entry.object_id, entry.project_id) == ("api_key.created", key.id, project.id)
    assert entry.details["prefix"] == key.prefix
    for kept in [str(entry), str(found)]:
        assert secret not in kept
        assert secret[16:] not in kept
    assert key.digest not in str(entry)


async def test_a_key_that_says_nothing_may_do_everything(administration: Administration, project: Project) -> None:
    key, _ = await administration.create_key(ACTOR, project.id, "laptop", scopes=None, limits=None, budget=None)
    assert (key.scopes, key.limits, key.budget, key.expires_at) == (EVERYTHING, None, None, None)
    assert key.state(NOW) is KeyState.ACTIVE


async def test_a_key_is_disabled_and_enabled_again(
    database: Database, administration: Administration, project: Project
) -> None:
    key, _ = await administration.create_key(ACTOR, project.id, "laptop")
    disabled = await administration.update_key(ACTOR, project.id, key.id, {"is_enabled": False})
    assert disabled == replace(key, is_enabled=False)
    assert await administration.update_key(ACTOR, project.id, key.id, {"is_enabled": True}) == key
    assert [entry.details for entry in await log(database, types=["api_key.updated"])] == [
        {"is_enabled": True},
        {"is_enabled": False},
    ]


async def test_a_revoked_key_stays_revoked(
    database: Database, administration: Administration, project: Project
) -> None:
    key, _ = await administration.create_key(ACTOR, project.id, "laptop")
    revoked = await administration.revoke_key(ACTOR, project.id, key.id)
    assert revoked == replace(key, revoked_at=2000)
    assert await administration.revoke_key(ACTOR, project.id, key.id) == revoked
    error = await refusal(administration.update_key(ACTOR, project.id, key.id, {"is_enabled": True}))
    assert (error.code, error.param) == ("key_revoked", "key_id")
    assert await administration.key(project.id, key.id) == revoked
    assert len(await log(database, types=["api_key.deleted"])) == 1


async def test_a_revocation_is_not_undone_by_a_change_at_the_same_time(
    administration: Administration, project: Project
) -> None:
    for _ in range(5):
        key, _ = await administration.create_key(ACTOR, project.id, "laptop")
        changes = [administration.update_key(ACTOR, project.id, key.id, {"name": f"n{each}"}) for each in range(4)]
        revocation = administration.revoke_key(ACTOR, project.id, key.id)
        await asyncio.gather(*changes, revocation, return_exceptions=True)
        assert (await administration.key(project.id, key.id)).revoked_at == 2000


async def test_what_is_another_projects_is_not_found(administration: Administration, project: Project) -> None:
    other = await administration.create_project(ACTOR, "other")
    key, _ = await administration.create_key(ACTOR, project.id, "laptop")
    for refused in [
        administration.key(other.id, key.id),
        administration.update_key(ACTOR, other.id, key.id, {"name": "mine"}),
        administration.revoke_key(ACTOR, other.id, key.id),
        administration.change_key_limits(ACTOR, other.id, key.id, {}, UNLIMITED),
    ]:
        error = await refusal(refused)
        assert (type(error), error.code) == (NotFoundError, "key_not_found")
    assert await administration.key(project.id, key.id) == key


async def test_what_is_not_there_is_not_found(administration: Administration) -> None:
    for refused in [
        administration.project("proj_9"),
        administration.update_project(ACTOR, "proj_9", {}),
        administration.archive_project(ACTOR, "proj_9"),
        administration.create_key(ACTOR, "proj_9", "laptop"),
    ]:
        error = await refusal(refused)
        assert (error.status, error.code) == (404, "project_not_found")
        assert "'proj_9'" in error.message
    for refused in [
        administration.admin_key("key_9"),
        administration.update_admin_key(ACTOR, "key_9", {}),
        administration.revoke_admin_key(ACTOR, "key_9"),
    ]:
        assert (await refusal(refused)).code == "key_not_found"


async def test_what_is_wrong_changes_nothing(
    database: Database, administration: Administration, project: Project
) -> None:
    key, _ = await administration.create_key(ACTOR, project.id, "laptop")
    before = await log(database)
    for refused, param in [
        (administration.create_project(ACTOR, ""), "name"),
        (administration.create_project(ACTOR, "x", budget={"amount": -1}), "budget.amount"),
        (administration.update_project(ACTOR, project.id, {"limits": {"x": 1}}), "limits.x"),
        (administration.change_limits(ACTOR, project.id, {"tokens_per_minute": -1}, UNLIMITED),
         "limits.tokens_per_minute"),
        (administration.create_key(ACTOR, project.id, "x", expires_at=2000), "expires_at"),
        (administration.create_key(ACTOR, project.id, "x", scopes={"endpoints": ["x"]}), "scopes.endpoints"),
        (administration.update_key(ACTOR, project.id, key.id, {"digest": "0"}), "digest"),
        (administration.create_admin_key(ACTOR, "x", scopes={}), "scopes"),
    ]:  # fmt: skip
        error = await refusal(refused)
        assert (type(error), error.param) == (InvalidRequestError, param)
    assert await log(database) == before
    assert await administration.key(project.id, key.id) == key


# --- Admin keys ---


async def test_an_admin_key_is_of_another_kind(database: Database, administration: Administration) -> None:
    key, secret = await administration.create_admin_key(ACTOR, "root", expires_at=3000)
    pepper = await database.secret(PEPPER)
    assert kind_of(secret) is KeyKind.ADMIN
    assert key == AdminKey(key.id, "root", secret[:22], digest(secret, pepper), 2000, expires_at=3000)
    assert await database.keys.find(key.digest) is None
    stored = await database.keys.find_admin(key.digest)
    assert stored is not None
    assert admin_key_of(stored) == key
    assert await administration.admin_key(key.id) == key
    (entry,) = await log(database)
    assert (entry.type, entry.object_id, entry.project_id) == ("admin_api_key.created", key.id, None)
    assert secret[22:] not in str(entry)


async def test_an_admin_key_is_changed_and_revoked(database: Database, administration: Administration) -> None:
    key, _ = await administration.create_admin_key(ACTOR, "root")
    changed = await administration.update_admin_key(ACTOR, key.id, {"is_enabled": False, "name": "old root"})
    assert changed == replace(key, is_enabled=False, name="old root")
    revoked = await administration.revoke_admin_key(ACTOR, key.id)
    assert revoked == replace(changed, revoked_at=2000)
    assert await administration.revoke_admin_key(ACTOR, key.id) == revoked
    assert (await refusal(administration.update_admin_key(ACTOR, key.id, {"name": "x"}))).code == "key_revoked"
    assert [entry.type for entry in await log(database)] == [
        "admin_api_key.deleted",
        "admin_api_key.updated",
        "admin_api_key.created",
    ]
