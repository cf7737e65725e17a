from typing import Any

import pytest

from tests.cli.conftest import Commands


def limits(**given: int) -> dict[str, Any]:
    return {"requests_per_minute": None, "tokens_per_minute": None, "concurrent_requests": None} | given


def test_without_a_project_the_servers_own_are_shown(ossian: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSSIAN_LIMITS__PROFILE", "hosted")
    monkeypatch.setenv("OSSIAN_LIMITS__KEY__CONCURRENT_REQUESTS", "8")
    assert ossian.json("limits", "show") == {
        "project": limits(requests_per_minute=400),
        "key": limits(concurrent_requests=8),
        "anonymous": limits(requests_per_minute=2),
    }
    assert "limits of project    400 requests a minute\n" in ossian.run("limits", "show")


def test_a_projects_limits_begin_with_the_servers(ossian: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSSIAN_LIMITS__PROFILE", "hosted")
    ossian.run("projects", "create", "demo")
    assert ossian.json("limits", "show", "demo") == {"*": limits(requests_per_minute=400)}
    found = ossian.json("limits", "set", "demo", "--tokens-per-minute", "1000")
    assert found == {"*": limits(requests_per_minute=400, tokens_per_minute=1000)}
    found = ossian.json("limits", "set", "demo", "--requests-per-minute", "none")
    assert found == {"*": limits(tokens_per_minute=1000)}
    assert ossian.json("limits", "show", "demo") == found
    assert ossian.json("limits", "set", "demo", "--reset") == {"*": limits(requests_per_minute=400)}
    assert ossian.json("projects", "show", "demo")["limits"] is None


def test_a_model_may_have_limits_of_its_own(ossian_on_both: Commands) -> None:
    ossian = ossian_on_both
    ossian.run("projects", "create", "demo", "--requests-per-minute", "60")
    found = ossian.json("limits", "set", "demo", "--model", "gpt-oss-120b", "--concurrent-requests", "1")
    assert found == {
        "*": limits(requests_per_minute=60),
        "gpt-oss-120b": limits(requests_per_minute=60, concurrent_requests=1),
    }
    assert "limits of gpt-oss-120b  60 requests a minute, 1 requests at a time\n" in ossian.run(
        "limits", "show", "demo"
    )
    assert set(ossian.json("limits", "set", "demo", "--model", "gpt-oss-120b", "--reset")) == {"*"}
    assert [entry.type for entry in ossian.log()][:2] == ["rate_limit.deleted", "rate_limit.updated"]


def test_a_key_has_limits_for_all_models_together(ossian: Commands) -> None:
    ossian.run("keys", "create", "laptop")
    found = ossian.json("limits", "set", "--key", "laptop", "--requests-per-minute", "5")
    assert found == {"laptop": limits(requests_per_minute=5)}
    assert ossian.json("limits", "show", "default", "--key", "laptop") == found
    assert ossian.json("keys", "show", "laptop")["limits"] == found["laptop"]
    assert ossian.json("limits", "set", "--key", "laptop", "--reset") == {"laptop": limits()}
    assert ossian.json("keys", "show", "laptop")["limits"] is None


@pytest.mark.parametrize(
    "arguments, expected",
    [
        (["demo"], "Give the limits to be set, such as --requests-per-minute 60, or --reset."),
        (["demo", "--reset", "--requests-per-minute", "1"], "Give the limits to be set"),
        (["--requests-per-minute", "1"], "Whose limits? Give a project, or --key."),
        (["--key", "laptop", "--model", "m", "--reset"], "give --key or --model"),
        (["--key", "root", "--requests-per-minute", "1"], "'root' is an admin key, which has no limits"),
        (["demo", "--model", "", "--requests-per-minute", "1"], "The id of a model is a line"),
        (["nope", "--reset"], "There is no project 'nope'"),
        (["--key", "nope", "--reset"], "There is no API key 'nope'"),
    ],
)
def test_what_cannot_be_is_refused(ossian: Commands, arguments: list[str], expected: str) -> None:
    ossian.run("projects", "create", "demo")
    ossian.run("keys", "create", "root", "--admin")
    before = ossian.log()
    assert expected in ossian.refusal("limits", "set", *arguments)
    assert ossian.log() == before
