import pytest

from ossian.api.organization.admin_api_keys import CreateAdminKeyRequest, UpdateAdminKeyRequest
from ossian.api.organization.api_keys import CreateKeyRequest, UpdateKeyRequest
from ossian.api.organization.projects import CreateProjectRequest, UpdateProjectRequest
from ossian.api.organization.settings_fields import MAX_SECONDS, given_fields
from ossian.api.validation import checked
from ossian.errors import InvalidRequestError

NOW = 1_763_680_000.5


def given(fields: dict[str, object], schema: type[UpdateKeyRequest] = UpdateKeyRequest) -> dict[str, object]:
    return given_fields(checked(fields, schema), NOW)


def test_what_is_left_out_is_not_given() -> None:
    assert given({}) == {}
    assert given({"description": "x", "scopes": {"models": ["m"]}}) == {"description": "x", "scopes": {"models": ["m"]}}


def test_null_is_given_where_there_is_a_default() -> None:
    nulls = {"description": None, "expires_at": None, "scopes": None, "limits": None, "budget": None}
    assert given({**nulls, "name": None, "enabled": None, "expires_in_seconds": None}) == nulls


def test_a_field_is_kept_under_another_name() -> None:
    assert given({"enabled": False}) == {"is_enabled": False}


def test_an_expiry_is_a_time_or_a_span() -> None:
    assert given({"expires_at": 1_763_680_001}) == {"expires_at": 1_763_680_001}
    assert given({"expires_in_seconds": 60}) == given({"expires_in_seconds": 60, "expires_at": None})
    assert given({"expires_in_seconds": 60}) == {"expires_at": 1_763_680_060}


def test_an_expiry_cannot_be_both() -> None:
    with pytest.raises(InvalidRequestError, match="not both") as caught:
        given({"expires_in_seconds": 60, "expires_at": 1_800_000_000})
    assert (caught.value.param, caught.value.code) == ("expires_in_seconds", "invalid_value")


def test_what_is_refused_is_not_given_when_it_is_null() -> None:
    assert given_fields(checked({"geography": None, "limits": None}, UpdateProjectRequest), NOW) == {"limits": None}


@pytest.mark.parametrize("schema", [CreateProjectRequest, CreateKeyRequest, CreateAdminKeyRequest])
def test_what_is_made_needs_a_name(schema: type[CreateProjectRequest]) -> None:
    with pytest.raises(InvalidRequestError, match="Missing required parameter: 'name'") as caught:
        checked({}, schema)
    assert caught.value.param == "name"


@pytest.mark.parametrize("schema", [UpdateProjectRequest, UpdateKeyRequest, UpdateAdminKeyRequest])
def test_a_change_needs_nothing_and_knows_what_was_left_out(schema: type[UpdateProjectRequest]) -> None:
    assert checked({}, schema).model_fields_set == set()


def test_null_is_not_left_out() -> None:
    assert checked({"limits": None}, UpdateProjectRequest).model_fields_set == {"limits"}


@pytest.mark.parametrize("name", ["external_key_id", "geography", "residency"])
def test_what_only_openai_has_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"Unsupported parameter: '{name}'") as caught:
        checked({"name": "a", name: "x"}, CreateProjectRequest)
    assert (caught.value.param, caught.value.code) == (name, "unsupported_parameter")
    assert checked({"name": "a", name: None}, CreateProjectRequest).name == "a"


@pytest.mark.parametrize(
    "fields, param",
    [
        ({"limits": 5}, "limits"),
        ({"budget": "5"}, "budget"),
        ({"scopes": ["api.all.read"]}, "scopes"),
        ({"enabled": 1}, "enabled"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"expires_at": -1}, "expires_at"),
        ({"expires_in_seconds": 0}, "expires_in_seconds"),
        ({"expires_in_seconds": MAX_SECONDS + 1}, "expires_in_seconds"),
        ({"name": 5}, "name"),
        ({"value": "sk-ossian-mine"}, "value"),
    ],
    ids=str,
)
def test_a_wrong_field_is_named(fields: dict[str, object], param: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        checked({"name": "a", **fields}, CreateKeyRequest)
    assert caught.value.param == param
