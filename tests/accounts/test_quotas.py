from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.accounts.callers import Caller, admin_caller, anonymous_caller, keyed_caller
from ossian.accounts.keys import AdminKey, ApiKey
from ossian.accounts.limits import PROFILES, UNLIMITED, LimitProfile, Limits
from ossian.accounts.projects import Project
from ossian.accounts.quotas import counted_address, quotas_of
from ossian.accounts.scopes import EVERYTHING

PROJECT = Project("proj_1", "demo", created_at=1000)
KEY = ApiKey("key_1", "proj_1", "laptop", "sk-ossian-abc", "digest", created_at=1000)
PROFILE = LimitProfile(project=Limits(400), key=Limits(100), anonymous=Limits(2))


def keyed(key: ApiKey = KEY, project: Project = PROJECT) -> Caller:
    return keyed_caller(key, project, "192.0.2.7", 2000)


def limits(caller: Caller, profile: LimitProfile = PROFILE) -> list[Limits]:
    return [quota.limits for quota in quotas_of(caller, "gpt-oss-20b", profile)]


def test_a_key_counts_for_its_project_and_model_and_for_itself() -> None:
    project, key = quotas_of(keyed(), "gpt-oss-20b", PROFILE)
    assert (project.limits, project.owner) == (Limits(400), "project 'demo' and model 'gpt-oss-20b'")
    assert (key.limits, key.owner) == (Limits(100), "API key 'laptop'")


def test_what_is_set_for_a_project_a_model_or_a_key_comes_before_the_profile() -> None:
    project = replace(PROJECT, limits=Limits(5))
    assert limits(keyed(replace(KEY, limits=Limits(7)), project)) == [Limits(5), Limits(7)]
    project = replace(project, model_limits={"gpt-oss-20b": Limits(6)})
    assert limits(keyed(project=project)) == [Limits(6), Limits(100)]


def test_what_has_no_limits_is_not_counted() -> None:
    assert limits(keyed(), PROFILES["unlimited"]) == []
    assert limits(keyed(replace(KEY, limits=UNLIMITED))) == [Limits(400)]
    assert limits(keyed(), PROFILES["hosted"]) == [Limits(400)]


def test_an_admin_key_is_not_counted() -> None:
    key = AdminKey("adm_1", "root", "sk-ossian-admin-abc", "digest", created_at=1000)
    assert limits(admin_caller(key, "192.0.2.7", 2000)) == []


def test_who_has_no_key_counts_by_address_and_model() -> None:
    (quota,) = quotas_of(anonymous_caller("192.0.2.7", EVERYTHING), "gpt-oss-20b", PROFILE)
    assert quota.limits == Limits(2)
    assert "your address and model 'gpt-oss-20b'" in quota.owner


def test_models_projects_keys_and_addresses_count_apart() -> None:
    other_key = replace(KEY, id="key_2", project_id="proj_2")
    callers = [
        keyed(),
        keyed(other_key, replace(PROJECT, id="proj_2")),
        anonymous_caller("192.0.2.7", EVERYTHING),
        anonymous_caller("192.0.2.8", EVERYTHING),
    ]
    names = [quota.name for each in callers for quota in quotas_of(each, "gpt-oss-20b", PROFILE)]
    assert len(names) == len(set(names)) == 6
    others = {quota.name for each in callers for quota in quotas_of(each, "gpt-oss-120b", PROFILE)}
    assert others & set(names) == {"key/key_1", "key/key_2"}  # a key's count is of all models


@given(st.lists(st.tuples(st.text(), st.text()), min_size=2, max_size=2, unique=True))
def test_no_two_projects_and_models_share_a_count(pairs: list[tuple[str, str]]) -> None:
    names = set()
    for project_id, model_id in pairs:
        caller = keyed(replace(KEY, project_id=project_id), replace(PROJECT, id=project_id))
        names.add(quotas_of(caller, model_id, PROFILE)[0].name)
    assert len(names) == 2


@pytest.mark.parametrize(
    "address, counted",
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_addresses_are_counted_by_who_holds_them(address: str, counted: str) -> None:
    assert counted_address(address) == counted
