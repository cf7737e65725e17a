from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.api.organization.audit_logs import AuditQuery, audit_body, audit_query
from ossian.api.organization.rate_limits import NO_LIMIT
from ossian.errors import InvalidRequestError
from ossian.storage.account_records import AuditFilter
from tests.api.organization.records import BARE, BY_KEY, LIMITS_UPDATED, ON_THE_SERVER


def test_the_least_that_can_be_asked() -> None:
    assert audit_query([]) == AuditQuery(AuditFilter(), None, 20)


def test_everything_that_can_be_asked() -> None:
    pairs = [
        ("event_types[]", "project.created"),
        ("event_types[]", "api_key.deleted"),
        ("project_ids[]", "proj_1"),
        ("actor_ids[]", "admkey_1"),
        ("resource_ids", "key_1"),
        ("effective_at[gte]", "10"),
        ("effective_at[lt]", "20"),
        ("after", "audit_1"),
        ("limit", "100"),
    ]
    types = ("project.created", "api_key.deleted")
    wanted = AuditFilter(types, ("proj_1",), ("admkey_1",), ("key_1",), since=10, until=20)
    assert audit_query(pairs) == AuditQuery(wanted, "audit_1", 100)


@given(
    st.dictionaries(st.sampled_from(["gt", "gte", "lt", "lte"]), st.integers(0, 9)),
    st.floats(0, 10, exclude_max=True),
)
def test_times_are_compared_as_they_are_shown(bounds: dict[str, int], time: float) -> None:
    wanted = audit_query([(f"effective_at[{name}]", str(bound)) for name, bound in bounds.items()]).wanted
    shown = audit_body(replace(BARE, created_at=time))["effective_at"]
    compare = {"gt": shown.__gt__, "gte": shown.__ge__, "lt": shown.__lt__, "lte": shown.__le__}
    is_wanted = (wanted.since is None or time >= wanted.since) and (wanted.until is None or time < wanted.until)
    assert is_wanted == all(compare[name](bound) for name, bound in bounds.items())


@pytest.mark.parametrize(
    "name, value",
    [
        ("limit", "101"),
        ("effective_at[gt]", "now"),
        ("effective_at", "5"),
        ("actor_emails[]", "a@example.com"),
        ("before", "audit_1"),
        ("tenant_only", "true"),
    ],
)
def test_what_is_wrong_is_named(name: str, value: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        audit_query([(name, value)])
    assert caught.value.param == name


def test_what_openai_only_has_can_be_ignored() -> None:
    assert audit_query([("tenant_only", "true")], ignore_unknown=True) == audit_query([])


def test_an_event_tells_of_its_object_under_its_type() -> None:
    assert audit_body(BY_KEY)["project.created"] == {"id": "proj_1", "data": {"name": "Demo"}}
    assert audit_body(ON_THE_SERVER)["api_key.updated"] == {
        "id": "key_1",
        "changes_requested": {"enabled": False, "name": "laptop"},
    }
    assert audit_body(BARE)["api_key.deleted"] == {"id": "admkey_2"}


def test_limits_have_openais_names() -> None:
    requested = audit_body(LIMITS_UPDATED)["rate_limit.updated"]["changes_requested"]
    assert (requested["max_requests_per_1_minute"], requested["max_tokens_per_1_minute"]) == (5, NO_LIMIT)


def test_who_did_it_has_a_key_or_a_session_on_the_server() -> None:
    assert audit_body(BY_KEY)["actor"]["api_key"]["id"] == "admkey_1"
    assert audit_body(ON_THE_SERVER)["actor"]["session"] == {"user": {"id": "anna"}, "ip_address": ""}
