import pytest

from ossian.api.files.file import UPLOADED
from ossian.api.files.form import UploadFields, upload_fields
from ossian.errors import InvalidRequestError

ANCHOR, SECONDS = "expires_after[anchor]", "expires_after[seconds]"


@pytest.mark.parametrize("purpose", UPLOADED)
def test_the_purposes_of_uploads(purpose: str) -> None:
    assert upload_fields({"purpose": purpose}) == UploadFields(purpose)


def test_a_file_may_say_when_it_expires() -> None:
    fields = upload_fields({"purpose": "user_data", ANCHOR: "created_at", SECONDS: "3600"})
    assert fields == UploadFields("user_data", 3600)


@pytest.mark.parametrize(
    "given, param, code",
    [
        ({}, "purpose", "missing_required_parameter"),
        ({"purpose": "batch_output"}, "purpose", "invalid_value"),
        ({"purpose": ""}, "purpose", "invalid_value"),
        ({"purpose": "batch", "colour": "red"}, "colour", "unknown_parameter"),
        ({"purpose": "batch", ANCHOR: "created_at"}, SECONDS, "missing_required_parameter"),
        ({"purpose": "batch", SECONDS: "3600"}, ANCHOR, "missing_required_parameter"),
        ({"purpose": "batch", SECONDS: "3600", ANCHOR: "updated_at"}, ANCHOR, "invalid_value"),
        ({"purpose": "batch", SECONDS: "3599", ANCHOR: "created_at"}, SECONDS, "invalid_value"),
        ({"purpose": "batch", SECONDS: "2592001", ANCHOR: "created_at"}, SECONDS, "invalid_value"),
        ({"purpose": "batch", SECONDS: "9" * 5000, ANCHOR: "created_at"}, SECONDS, "invalid_type"),
        ({"purpose": "batch", SECONDS: "an hour", ANCHOR: "created_at"}, SECONDS, "invalid_type"),
        ({"purpose": "batch", SECONDS: "-1", ANCHOR: "created_at"}, SECONDS, "invalid_type"),
    ],
)
def test_a_wrong_field_is_named(given: dict[str, str], param: str, code: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        upload_fields(given)
    assert (caught.value.param, caught.value.code) == (param, code)
    assert f"'{param}'" in caught.value.message


def test_unknown_fields_can_be_ignored() -> None:
    assert upload_fields({"purpose": "batch", "colour": "red"}, ignore_unknown=True) == UploadFields("batch")
