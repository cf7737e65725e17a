"""Every refusal has a status and a code of its own, and says the way out."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.accounts.callers import (
    LOCAL_SCOPE,
    Caller,
    admin_caller,
    anonymous_caller,
    bearer_secret,
    keyed_caller,
)
from ossian.accounts.keys import AdminKey, ApiKey
from ossian.accounts.projects import Project
from ossian.accounts.scopes import EVERYTHING, Endpoint, Scopes
from ossian.errors import AuthenticationError, PermissionDeniedError, RequestError

NOW = 2000.0
ADDRESS = "192.0.2.7"
PROJECT = Project("proj_1", "demo", created_at=1000)
KEY = ApiKey("key_1", "proj_1", "laptop", "sk-ossian-abc", "digest", created_at=1000)
ADMIN_KEY = AdminKey("adm_1", "root", "sk-ossian-admin-abc", "digest", created_at=1000)
CHAT_ONLY = Scopes(frozenset({Endpoint.CHAT_COMPLETIONS}), frozenset({"gpt-oss-20b"}))


def caller(scopes: Scopes = EVERYTHING) -> Caller:
    return keyed_caller(replace(KEY, scopes=scopes), PROJECT, ADDRESS, NOW)


def refusal_of(key: ApiKey | None = KEY, project: Project | None = PROJECT) -> RequestError:
    with pytest.raises(RequestError) as caught:
        keyed_caller(key, project, ADDRESS, NOW)
    return caught.value


def test_a_valid_key_makes_a_caller_of_its_project() -> None:
    found = caller(CHAT_ONLY)
    assert (found.address, found.project, found.scopes) == (ADDRESS, PROJECT, CHAT_ONLY)
    assert not found.is_anonymous
    found.check_endpoint(Endpoint.CHAT_COMPLETIONS)
    found.check_model("gpt-oss-20b")


@pytest.mark.parametrize(
    "key, project, status, code, way_out",
    [
        (None, None, 401, "invalid_api_key", "ask this server's operator"),
        (None, PROJECT, 401, "invalid_api_key", "ask this server's operator"),
        (KEY, None, 401, "invalid_api_key", "ask this server's operator"),
        (replace(KEY, expires_at=2000), PROJECT, 401, "expired_api_key", "Ask for a new one"),
        (replace(KEY, revoked_at=1500), PROJECT, 401, "revoked_api_key", "Use another one"),
        (replace(KEY, is_enabled=False), PROJECT, 401, "disabled_api_key", "can enable it again"),
        (KEY, replace(PROJECT, archived_at=1500), 403, "project_archived", "in another one"),
    ],
)
def test_keys_that_are_refused(
    key: ApiKey | None, project: Project | None, status: int, code: str, way_out: str
) -> None:
    error = refusal_of(key, project)
    assert (error.status, error.code) == (status, code)
    assert way_out in error.message


def test_an_invalid_key_is_told_before_its_archived_project() -> None:
    assert refusal_of(replace(KEY, revoked_at=1), replace(PROJECT, archived_at=1)).code == "revoked_api_key"


@pytest.mark.parametrize(
    "key, code",
    [
        (None, "invalid_api_key"),
        (replace(ADMIN_KEY, expires_at=2000), "expired_api_key"),
        (replace(ADMIN_KEY, revoked_at=1500), "revoked_api_key"),
        (replace(ADMIN_KEY, is_enabled=False), "disabled_api_key"),
    ],
)
def test_admin_keys_that_are_refused(key: AdminKey | None, code: str) -> None:
    with pytest.raises(AuthenticationError) as caught:
        admin_caller(key, ADDRESS, NOW)
    assert caught.value.code == code


def test_another_endpoint_than_the_key_is_for() -> None:
    with pytest.raises(PermissionDeniedError) as caught:
        caller(CHAT_ONLY).check_endpoint(Endpoint.RESPONSES)
    expected = "This API key may not use the endpoint responses. It may use: 'chat.completions'."
    assert (caught.value.status, caught.value.code, caught.value.message) == (403, "endpoint_not_allowed", expected)


def test_another_model_than_the_key_is_for() -> None:
    with pytest.raises(PermissionDeniedError) as caught:
        caller(CHAT_ONLY).check_model("gpt-oss-120b")
    expected = "This API key may not use the model 'gpt-oss-120b'. It may use: 'gpt-oss-20b'."
    assert (caught.value.status, caught.value.code, caught.value.message) == (403, "model_not_allowed", expected)
    assert caught.value.param == "model"


def test_a_key_may_be_for_any_name_of_a_model() -> None:
    caller(CHAT_ONLY).check_model("ossian-nano", "openai/gpt-oss-20b", "gpt-oss-20b")


def test_a_key_that_may_do_nothing_is_told_so() -> None:
    with pytest.raises(PermissionDeniedError, match="It may use: nothing"):
        caller(Scopes(frozenset())).check_endpoint(Endpoint.MODELS)


def test_an_admin_key_is_for_the_admin_api_alone() -> None:
    found = admin_caller(ADMIN_KEY, ADDRESS, NOW)
    found.check_admin()
    assert not found.is_anonymous
    for endpoint in Endpoint:
        with pytest.raises(PermissionDeniedError) as caught:
            found.check_endpoint(endpoint)
        assert caught.value.code == "project_key_required"


def test_the_admin_api_is_for_admin_keys_alone() -> None:
    with pytest.raises(PermissionDeniedError) as caught:
        caller().check_admin()
    assert caught.value.code == "admin_key_required"
    with pytest.raises(AuthenticationError) as missing:
        anonymous_caller(ADDRESS, EVERYTHING).check_admin()
    assert missing.value.code == "missing_api_key"


def test_without_a_key_nothing_is_allowed_unless_it_is_set() -> None:
    with pytest.raises(AuthenticationError, match="Authorization: Bearer KEY") as caught:
        anonymous_caller(ADDRESS, None)
    assert (caught.value.status, caught.value.code) == (401, "missing_api_key")
    assert anonymous_caller(ADDRESS, EVERYTHING).is_anonymous


def test_what_is_stored_is_the_projects() -> None:
    assert caller().check_storage() == PROJECT.id
    assert not caller().is_local


def test_who_has_no_key_keeps_nothing_unless_he_is_on_this_machine() -> None:
    stranger = anonymous_caller(ADDRESS, EVERYTHING)
    with pytest.raises(AuthenticationError, match="storing needs one") as caught:
        stranger.check_storage()
    assert caught.value.code == "missing_api_key"
    assert not stranger.is_local
    local = anonymous_caller("127.0.0.1", EVERYTHING, LOCAL_SCOPE)
    assert local.check_storage() == ""
    assert local.is_local


def test_an_admin_key_keeps_nothing() -> None:
    with pytest.raises(AuthenticationError):
        admin_caller(ADMIN_KEY, ADDRESS, NOW).check_storage()


def test_a_project_that_is_not_in_the_database_is_not_nobody() -> None:
    """That of a key in the settings."""
    found = Caller(ADDRESS, EVERYTHING, PROJECT, storage_scope="digest")
    assert not found.is_anonymous
    assert not found.is_local
    with pytest.raises(PermissionDeniedError, match="The page of metrics needs an admin key"):
        found.check_admin("The page of metrics")


def test_who_has_no_key_is_asked_for_one_where_he_needs_it() -> None:
    found = anonymous_caller(ADDRESS, CHAT_ONLY)
    found.check_endpoint(Endpoint.CHAT_COMPLETIONS)
    found.check_model("gpt-oss-20b")
    with pytest.raises(AuthenticationError, match="endpoint batches needs an API key") as caught:
        found.check_endpoint(Endpoint.BATCHES)
    assert caught.value.code == "missing_api_key"
    with pytest.raises(AuthenticationError, match="'gpt-oss-120b' needs an API key"):
        found.check_model("gpt-oss-120b")


@pytest.mark.parametrize(
    "authorization, secret",
    [
        (None, None),
        ("", None),
        ("Bearer", None),
        ("Bearer ", None),
        ("Bearer sk-ossian-x", "sk-ossian-x"),
        ("bearer  sk-ossian-x ", "sk-ossian-x"),
        ("  BEARER a b", "a b"),
    ],
)
def test_the_secret_in_a_header(authorization: str | None, secret: str | None) -> None:
    assert bearer_secret(authorization) == secret


@pytest.mark.parametrize("authorization", ["Basic YTpi", "sk-ossian-x", "Bearer:x"])
def test_other_schemes_are_not_taken_for_none(authorization: str) -> None:
    with pytest.raises(AuthenticationError, match="'Bearer KEY'") as caught:
        bearer_secret(authorization)
    assert caught.value.code == "invalid_authorization"


@given(st.text())
def test_every_header_is_read_or_refused(authorization: str) -> None:
    try:
        secret = bearer_secret(authorization)
    except AuthenticationError:
        secret = "refused"
    assert secret is None or secret.strip()


@given(st.builds(Scopes, st.none() | st.frozensets(st.sampled_from(Endpoint))), st.sampled_from(Endpoint))
def test_a_key_and_no_key_may_do_what_their_scopes_say(scopes: Scopes, endpoint: Endpoint) -> None:
    for found, error in [(caller(scopes), PermissionDeniedError), (anonymous_caller("", scopes), AuthenticationError)]:
        if scopes.allows_endpoint(endpoint):
            found.check_endpoint(endpoint)
        else:
            with pytest.raises(error):
                found.check_endpoint(endpoint)


def test_no_refusal_shows_what_is_kept_of_a_key() -> None:
    key = replace(KEY, digest="0123456789abcdef", revoked_at=1)
    assert key.digest not in refusal_of(key).message
    assert key.prefix not in refusal_of(key).message
