"""What the database keeps of accounts is all of them."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ossian.accounts.budgets import PERIODS, Budget
from ossian.accounts.keys import AdminKey, ApiKey
from ossian.accounts.limits import Limits
from ossian.accounts.projects import Project
from ossian.accounts.scopes import Endpoint, Scopes
from ossian.accounts.stored import (
    admin_key_of,
    key_of,
    project_of,
    stored_admin_key,
    stored_key,
    stored_project,
    stored_usage,
    usage_record,
)
from ossian.accounts.usage import CLIENT_LEFT, UsageRecord
from ossian.harmony.events import Usage
from ossian.storage.columns import dumped, loaded

times = st.integers(0, 10**11)
maybe = st.none() | times
numbers = st.none() | st.integers(0, 10**12)
limits = st.builds(Limits, numbers, numbers, numbers)
budgets = st.builds(Budget, st.decimals(0, 10**9, places=8), st.none() | st.sampled_from(PERIODS))
names = st.none() | st.frozensets(st.text(min_size=1, max_size=9))
scopes = st.builds(Scopes, st.none() | st.frozensets(st.sampled_from(Endpoint)), names)
projects = st.builds(
    Project,
    *(st.text(), st.text(), times),
    archived_at=maybe,
    limits=st.none() | limits,
    model_limits=st.dictionaries(st.text(min_size=1, max_size=9), limits, max_size=3),
    budget=st.none() | budgets,
)
dates = {"expires_at": maybe, "revoked_at": maybe, "last_used_at": maybe, "is_enabled": st.booleans()}
keys = st.builds(
    ApiKey,
    *(st.text(), st.text(), st.text(), st.text(), st.text(), times),
    description=st.text(),
    scopes=scopes,
    limits=st.none() | limits,
    budget=st.none() | budgets,
    **dates,
)
admin_keys = st.builds(AdminKey, *(st.text(), st.text(), st.text(), st.text(), times), **dates)


@given(projects)
def test_a_project_comes_back_as_it_was(project: Project) -> None:
    stored = stored_project(project)
    assert project_of(stored) == project
    as_json = [loaded(dumped(each)) for each in (stored.limits, stored.model_limits, stored.budget)]
    assert as_json == [stored.limits, stored.model_limits, stored.budget], "which is JSON, exactly"


@given(keys)
def test_a_key_comes_back_as_it_was(key: ApiKey) -> None:
    stored = stored_key(key)
    assert key_of(stored) == key
    as_json = [loaded(dumped(each)) for each in (stored.scopes, stored.limits, stored.budget)]
    assert as_json == [stored.scopes, stored.limits, stored.budget]


@given(admin_keys)
def test_an_admin_key_comes_back_as_it_was(key: AdminKey) -> None:
    assert admin_key_of(stored_admin_key(key)) == key


RECORD = UsageRecord(
    request_id="req_1",
    endpoint=Endpoint.RESPONSES,
    model_asked="cheapest",
    model="gpt-oss-20b",
    started_at=1000.25,
    duration=1.5,
    status=200,
    project_id="proj_1",
    key_id="key_1",
    batch_id="batch_1",
    time_to_first_token=0.125,
    usage=Usage(100, 64, 20, 5),
    price=Decimal("0.25"),
)


def test_a_usage_record_comes_back_as_it_was() -> None:
    stored = stored_usage(RECORD)
    assert (stored.outcome, stored.cost) == ("succeeded", Decimal("0.25"))
    assert usage_record(stored) == RECORD
    assert usage_record(stored).id == RECORD.id
    bare = UsageRecord("req_2", Endpoint.FILES, "m", "m", 1.0, 1.0, 200)
    assert usage_record(stored_usage(bare)) == bare


def test_of_a_failed_request_the_tokens_are_kept_and_no_price() -> None:
    failed = stored_usage(replace(RECORD, status=500))
    assert (failed.outcome, failed.cost, failed.num_prompt_tokens) == ("failed", Decimal(0), 100)
    left = stored_usage(replace(RECORD, status=CLIENT_LEFT))
    assert (left.outcome, left.cost) == ("aborted", Decimal("0.25"))
