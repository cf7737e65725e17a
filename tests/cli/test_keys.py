import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ossian.accounts.administration import PEPPER
from ossian.accounts.keys import KeyKind, digest, kind_of
from ossian.cli.accounts import opened
from ossian.storage import Database, StoredAdminKey, StoredKey, StoredProject
from tests.cli.conftest import Commands


def found(ossian: Commands, secret: str) -> tuple[StoredKey, StoredProject]:
    """What a server finds for a secret."""

    async def find(database: Database) -> tuple[StoredKey, StoredProject] | None:
        return await database.keys.find(digest(secret, await database.secret(PEPPER)))

    both = ossian.in_database(find)
    assert both is not None
    return both


def test_the_secret_of_a_new_key_is_all_that_a_script_reads(ossian_on_both: Commands) -> None:
    ossian = ossian_on_both
    result = ossian.result("keys", "create", "laptop")
    assert result.exit_code == 0
    secret = result.stdout.strip()
    assert result.stdout == f"{secret}\n"
    assert kind_of(secret) is KeyKind.PROJECT
    assert "The key 'laptop' (key_" in result.stderr
    assert "of the project 'default'" in result.stderr
    assert "this once" in result.stderr
    key, project = found(ossian, secret)
    assert (key.name, project.name) == ("laptop", "default")


def test_the_secret_is_never_shown_again(ossian: Commands) -> None:
    secret = ossian.run("keys", "create", "laptop").strip()
    rest = secret[16:]
    for arguments in [("keys", "list"), ("keys", "show", "laptop"), ("keys", "list", "--json")]:
        result = ossian.result(*arguments)
        assert secret[:16] in result.output
        assert rest not in result.output
    assert all(rest not in str(entry) for entry in ossian.log())


def test_keys_are_of_the_default_project_which_is_made_once(ossian: Commands) -> None:
    first, second = (ossian.json("keys", "create", name) for name in ["one", "two"])
    assert first["project_id"] == second["project_id"]
    assert [each["name"] for each in ossian.json("projects", "list")["data"]] == ["default"]


def test_a_key_has_all_that_it_is_given(ossian: Commands) -> None:
    ossian.run("projects", "create", "demo")
    made = ossian.json(
        *("keys", "create", "ci", "--project", "demo", "--description", "for tests", "--expires", "2100-01-31"),
        *("--endpoints", "responses, chat.completions", "--models", "gpt-oss-20b", "--requests-per-minute", "5"),
        *("--tokens-per-minute", "none", "--concurrent-requests", "0", "--budget", "2.50/month"),
    )
    key, project = found(ossian, made["value"])
    assert project.name == "demo"
    assert key.description == made["description"] == "for tests"
    assert key.expires_at == made["expires_at"] == datetime(2100, 1, 31, tzinfo=UTC).timestamp()
    assert key.scopes == {"endpoints": ["chat.completions", "responses"], "models": ["gpt-oss-20b"]}
    assert key.limits == {"requests_per_minute": 5, "tokens_per_minute": None, "concurrent_requests": 0}
    assert key.budget == {"amount": "2.50", "period": "month"}
    shown = ossian.run("keys", "show", "ci")
    for text in ["demo", "2100-01-31 00:00", "chat.completions, responses", "5 requests a minute", "2.50 a month"]:
        assert text in shown


def test_an_admin_key_belongs_to_no_project(ossian: Commands) -> None:
    result = ossian.result("keys", "create", "root", "--admin", "--expires", "30d")
    secret = result.stdout.strip()
    assert kind_of(secret) is KeyKind.ADMIN
    assert "an admin key" in result.stderr

    async def find(database: Database) -> StoredAdminKey | None:
        return await database.keys.find_admin(digest(secret, await database.secret(PEPPER)))

    key = ossian.in_database(find)
    assert key is not None
    assert key.expires_at is not None
    assert 29 * 86400 < key.expires_at - time.time() <= 30 * 86400
    assert ossian.json("projects", "list")["data"] == []
    assert ossian.json("keys", "show", "root")["object"] == "organization.admin_api_key"
    assert "an admin key" in ossian.run("keys", "show", secret)


@pytest.mark.parametrize("option", [("--project", "x"), ("--models", "m"), ("--budget", "1"), ("--description", "x")])
def test_an_admin_key_has_nothing_of_a_projects(ossian: Commands, option: tuple[str, str]) -> None:
    assert "for the admin API alone" in ossian.refusal("keys", "create", "root", "--admin", *option)
    assert ossian.json("keys", "list")["data"] == []


def test_the_list_shows_whose_keys_are_what(ossian: Commands) -> None:
    ossian.run("projects", "create", "demo")
    ossian.run("keys", "create", "one")
    ossian.run("keys", "create", "two", "--project", "demo")
    ossian.run("keys", "create", "root", "--admin")
    ossian.run("keys", "disable", "two")
    lines = ossian.run("keys", "list").splitlines()
    assert lines[0].split() == ["id", "name", "project", "secret", "state", "created", "expires", "last", "used"]
    rows = {cells[1]: cells for cells in map(str.split, lines[1:])}
    assert [(name, row[2], row[4]) for name, row in sorted(rows.items())] == [
        ("one", "default", "active"),
        ("root", "(admin)", "active"),
        ("two", "demo", "disabled"),
    ]

    def names(*options: str) -> list[str]:
        return [each["name"] for each in ossian.json("keys", "list", *options)["data"]]

    assert names("--project", "demo") == ["two"]
    assert names("--admin") == ["root"]
    ossian.run("keys", "revoke", "one")
    assert names() == ["two", "root"]
    assert sorted(names("--all")) == ["one", "root", "two"]
    assert "give --admin or --project" in ossian.refusal("keys", "list", "--admin", "--project", "demo")


def test_a_list_has_no_end(ossian: Commands) -> None:
    """More than a page of them."""
    first = ossian.json("keys", "create", "key-0")

    async def make(database: Database) -> None:
        key, log = await database.keys.get(first["project_id"], first["id"]), await database.audit.page()
        assert key is not None
        assert log is not None
        for number in range(1, 103):
            more = replace(key, id=f"key_{number}", name=f"key-{number}", digest=str(number))
            await database.keys.create(more, replace(log.items[0], id=f"audit_{number}"))

    ossian.in_database(make)
    assert len(ossian.json("keys", "list")["data"]) == 103


@pytest.mark.parametrize("kind", [(), ("--admin",)])
def test_a_key_is_disabled_enabled_and_revoked(ossian: Commands, kind: tuple[str, ...]) -> None:
    made = ossian.json("keys", "create", "laptop", *kind)
    assert ossian.json("keys", "disable", "laptop")["status"] == "disabled"
    assert ossian.json("keys", "show", made["id"])["status"] == "disabled"
    assert ossian.json("keys", "enable", "laptop")["status"] == "active"
    assert ossian.json("keys", "revoke", made["value"])["status"] == "revoked"
    assert ossian.json("keys", "show", "laptop")["status"] == "revoked"
    assert "was revoked, for good. Make another one." in ossian.refusal("keys", "enable", made["id"])
    types = [entry.type.removeprefix("admin_") for entry in ossian.log() if "key" in entry.type]
    assert types == ["api_key.deleted", "api_key.updated", "api_key.updated", "api_key.created"]


def test_an_update_leaves_what_it_does_not_name(ossian: Commands) -> None:
    made = ossian.json("keys", "create", "laptop", "--models", "a", "--endpoints", "files", "--expires", "1w")
    changed = ossian.json("keys", "update", "laptop", "--name", "desktop", "--models", "all", "--expires", "never")
    assert changed["scopes"] == {"endpoints": ["files"], "models": None}
    assert changed["expires_at"] is None
    assert {name: changed[name] for name in ("id", "budget", "limits")} == {
        name: made[name] for name in ("id", "budget", "limits")
    }
    assert changed["name"] == "desktop"
    assert ossian.json("keys", "update", "desktop", "--budget", "3")["budget"] == {"amount": "3", "period": "none"}
    assert ossian.json("keys", "update", "desktop", "--budget", "none")["budget"] is None


def test_what_is_done_is_in_the_audit_log_with_who_did_it(ossian: Commands) -> None:
    made = ossian.json("keys", "create", "laptop")
    ossian.run("keys", "disable", "laptop")
    newest = ossian.log()[0]
    assert (newest.type, newest.object_id, newest.project_id) == ("api_key.updated", made["id"], made["project_id"])
    assert newest.details == {"is_enabled": False}
    assert {(entry.actor_kind, entry.actor_id) for entry in ossian.log()} == {("cli", "ada")}
    assert [entry.type for entry in ossian.log()] == ["api_key.updated", "api_key.created", "project.created"]


@pytest.mark.parametrize("written", ["{id}", "{name}", "{prefix}", "{prefix}…", "{value}"])
def test_a_key_is_found_by_whatever_is_known_of_it(ossian: Commands, written: str) -> None:
    ossian.run("keys", "create", "another")
    made = ossian.json("keys", "create", "laptop")
    text = written.format(**made, prefix=made["value"][:16])
    assert ossian.json("keys", "show", text)["id"] == made["id"]


def test_a_name_of_several_keys_is_not_enough(ossian: Commands) -> None:
    ossian.run("projects", "create", "demo")
    first = ossian.json("keys", "create", "laptop")
    second = ossian.json("keys", "create", "laptop", "--project", "demo")
    said = ossian.refusal("keys", "revoke", "laptop")
    assert "2 keys are named 'laptop': say which by its id." in said
    assert first["id"] in said
    assert second["id"] in said
    assert ossian.json("keys", "revoke", "laptop", "--project", "demo")["id"] == second["id"]
    assert ossian.json("keys", "show", "laptop")["id"] == first["id"]  # it is the only one that is not revoked


def test_what_is_not_there_is_said_so(ossian: Commands) -> None:
    assert "There is no API key 'nope'. `ossian keys list` shows" in ossian.refusal("keys", "show", "nope")
    assert "There is no API key with that secret" in ossian.refusal("keys", "show", f"sk-ossian-{'a' * 43}")
    ossian.run("projects", "create", "demo")
    said = ossian.refusal("keys", "create", "laptop", "--project", "dmeo")
    assert "There is no project 'dmeo'. There are: 'demo'." in said


@pytest.mark.parametrize(
    "options, expected",
    [
        (
            ["--expires", "yesterday"],
            "--expires takes 30d, 12h, a date of UTC like 2027-01-31, or never; not 'yesterday'",
        ),
        (["--expires", "2001-01-01"], "--expires takes a time to come; '2001-01-01' is none."),
        (["--expires", "0d"], "--expires takes a time to come; '0d' is none."),
        (["--endpoints", "chat"], "there is no endpoint 'chat'. There are: 'batches', 'chat.completions'"),
        (["--requests-per-minute", "many"], "--requests-per-minute takes a whole number, or none"),
        (["--requests-per-minute", "9999999999999"], "must be a whole number from 0 to 10^12"),
        (["--budget", "much"], "'budget.amount' must be a number"),
        (["--budget", "5/year"], "'budget.period' must be 'day', 'week', 'month' or 'none'"),
        (["--description", "x" * 1001], "'description' must be a text of at most 1000 characters"),
    ],
)
def test_what_cannot_be_is_refused_with_the_way_out(ossian: Commands, options: list[str], expected: str) -> None:
    assert expected in ossian.refusal("keys", "create", "laptop", *options)
    assert ossian.json("keys", "list", "--all")["data"] == []


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 101])
def test_a_name_is_a_line(ossian: Commands, name: str) -> None:
    assert "'name' must be a line of 1 to 100 characters." in ossian.refusal("keys", "create", name)


def test_a_database_that_cannot_be_opened_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("OSSIAN_DATABASE_URL", f"sqlite:///{tmp_path}")
    said = Commands("").refusal("keys", "list")
    assert f"The database {tmp_path} cannot be used" in said
    assert "OSSIAN_DATABASE_URL" in said


def test_keys_that_are_made_at_once_share_the_default_project(ossian_on_both: Commands) -> None:
    async def make() -> list[str]:
        async def one(name: str) -> str:
            async with opened() as accounts:
                project = await accounts.administration.default_project(accounts.actor)
                key, _ = await accounts.administration.create_key(accounts.actor, project.id, name)
                return key.project_id

        return await asyncio.gather(*(one(f"key-{number}") for number in range(4)))

    assert len(set(asyncio.run(make()))) == 1
