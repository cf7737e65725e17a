from dataclasses import replace

from ossian.accounts.limits import UNLIMITED, Limits
from ossian.accounts.projects import Project

PROJECT = Project("proj_1", "demo", created_at=1000)
PROFILE = Limits(requests_per_minute=400)
OWN = Limits(tokens_per_minute=1000)


def test_a_project_has_the_limits_of_the_profile_unless_it_has_its_own() -> None:
    assert PROJECT.limits_for("gpt-oss-20b", PROFILE) == PROFILE
    assert replace(PROJECT, limits=OWN).limits_for("gpt-oss-20b", PROFILE) == OWN
    assert replace(PROJECT, limits=UNLIMITED).limits_for("gpt-oss-20b", PROFILE) == UNLIMITED


def test_a_model_can_have_limits_of_its_own() -> None:
    project = replace(PROJECT, limits=OWN, model_limits={"gpt-oss-120b": Limits(requests_per_minute=3)})
    assert project.limits_for("gpt-oss-120b", PROFILE) == Limits(requests_per_minute=3)
    assert project.limits_for("gpt-oss-20b", PROFILE) == OWN


def test_an_archived_project_says_so() -> None:
    assert not PROJECT.is_archived
    assert replace(PROJECT, archived_at=2000).is_archived
