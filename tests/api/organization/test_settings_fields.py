import pytest

from ossian.api.organization.admin_api_keys import CreateAdminKeyRequest, UpdateAdminKeyRequest
from ossian.api.organization.api_keys import CreateKeyRequest, UpdateKeyRequest
from ossian.api.organization.projects import CreateProjectRequest, UpdateProjectRequest
from ossian.api.organization.settings_fields import MAX_SECONDS, expiry
from ossian.api.validation import checked
from ossian.errors import InvalidRequestError

NOW = 1_763_680_000.5


def test_a_key_without_an_expiry_never_expires() -> None:
    assert expiry(None, None, NOW) is None


def test_an_expiry_is_a_time_or_a_span() -> None:
    assert expiry(1_763_680_001, None, NOW) == 1_763_680_001
    assert expiry(None, 60, NOW) == 1_763_680_060


@pytest.mark.parametrize(
    "expires_at, in_seconds, param, message",
    [
        (1_763_680_000, None, "expires_at", "1763680000 is over; it is 1763680000 now"),
        (0, None, "expires_at", "is over"),
        (1_800_000_000, 60, "expires_in_seconds", "not both"),
    ],
)
def test_an_expiry_that_cannot_be_is_named(expires_at: int, in_seconds: int | None, param: str, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message) as caught:
        expiry(expires_at, in_seconds, NOW)
    assert (caught.value.param, caught.value.code) == (param, "invalid_value")


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
