import pytest

from tests.cli.conftest import Commands


def test_a_project_is_made_listed_and_shown(ossian: Commands) -> None:
    made = ossian.json(
        *("projects", "create", "demo", "--requests-per-minute", "60", "--concurrent-requests", "4"),
        *("--budget", "25/month"),
    )
    assert made["limits"] == {"requests_per_minute": 60, "tokens_per_minute": None, "concurrent_requests": 4}
    assert made["budget"] == {"amount": "25", "period": "month"}
    assert ossian.json("projects", "list")["data"] == [made]
    assert ossian.json("projects", "show", "demo") == made
    assert ossian.json("projects", "show", made["id"]) == made
    lines = ossian.run("projects", "list").splitlines()
    assert lines[0].split("  ")[0] == "id"
    for text in [made["id"], "demo", "active", "60 requests a minute, 4 requests at a time", "25 a month"]:
        assert text in lines[1]
        assert text in ossian.run("projects", "show", "demo")


def test_a_project_without_limits_has_the_servers(ossian: Commands) -> None:
    made = ossian.json("projects", "create", "demo")
    assert (made["limits"], made["budget"]) == (None, None)
    shown = ossian.run("projects", "show", "demo")
    assert "limits of each model  the server's\n" in shown
    assert "budget                none\n" in shown
    ossian.run("projects", "create", "free", "--requests-per-minute", "none")
    assert "limits of each model  none\n" in ossian.run("projects", "show", "free")


def test_limits_that_are_not_given_are_the_servers(ossian: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSSIAN_LIMITS__PROFILE", "hosted")
    monkeypatch.setenv("OSSIAN_LIMITS__KEY__TOKENS_PER_MINUTE", "9000")
    project = ossian.json("projects", "create", "demo", "--concurrent-requests", "4")
    assert project["limits"] == {"requests_per_minute": 400, "tokens_per_minute": None, "concurrent_requests": 4}
    key = ossian.json("keys", "create", "web", "--requests-per-minute", "60")
    assert key["limits"] == {"requests_per_minute": 60, "tokens_per_minute": 9000, "concurrent_requests": None}


def test_an_update_leaves_what_it_does_not_name(ossian: Commands) -> None:
    made = ossian.json("projects", "create", "demo", "--budget", "5")
    changed = ossian.json("projects", "update", "demo", "--name", "production")
    assert changed == made | {"name": "production"}
    assert ossian.json("projects", "update", "production", "--budget", "none")["budget"] is None
    assert [entry.details for entry in ossian.log(types=["project.updated"])] == [
        {"budget": None},
        {"name": "production"},
    ]


def test_an_archived_project_is_out_of_the_way(ossian_on_both: Commands) -> None:
    ossian = ossian_on_both
    made = ossian.json("projects", "create", "demo")
    ossian.run("keys", "create", "laptop", "--project", "demo")
    assert ossian.json("projects", "archive", "demo")["status"] == "archived"
    assert ossian.json("projects", "list")["data"] == []
    assert [each["id"] for each in ossian.json("projects", "list", "--all")["data"]] == [made["id"]]
    assert "There is no project 'demo'. There are: none." in ossian.refusal("projects", "show", "demo")
    assert "archived 20" in ossian.run("projects", "show", made["id"])
    assert "is archived" in ossian.refusal("projects", "update", made["id"], "--name", "x")
    assert "is archived" in ossian.refusal("keys", "create", "phone", "--project", made["id"])
    assert ossian.json("keys", "show", "laptop", "--project", made["id"])["owner_project_access"] == "inactive"
    assert ossian.json("projects", "create", "demo")["id"] != made["id"]


def test_a_name_is_taken_once(ossian: Commands) -> None:
    ossian.run("projects", "create", "demo")
    assert "There is a project of the name 'demo' already." in ossian.refusal("projects", "create", "demo")
    ossian.run("projects", "create", "other")
    assert "already. Choose another name" in ossian.refusal("projects", "update", "other", "--name", "demo")


@pytest.mark.parametrize("command", ["show", "update", "archive"])
def test_what_is_not_there_is_said_so(ossian: Commands, command: str) -> None:
    ossian.run("projects", "create", "one")
    ossian.run("projects", "create", "two")
    assert "There is no project 'nope'. There are: 'one', 'two'." in ossian.refusal("projects", command, "nope")


@pytest.mark.parametrize(
    "options, expected",
    [
        (["--budget", "-1"], "'budget.amount' must be a number from 0"),
        (["--tokens-per-minute", "-1"], "--tokens-per-minute takes a whole number"),
        (["--tokens-per-minute", "²"], "--tokens-per-minute takes a whole number"),
    ],
)
def test_what_cannot_be_is_refused(ossian: Commands, options: list[str], expected: str) -> None:
    assert expected in ossian.refusal("projects", "create", "demo", *options)
    assert ossian.log() == []
