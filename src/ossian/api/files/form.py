"""The text fields of an upload: what the file is for, and when it expires."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ossian.api.fields import JsonObject
from ossian.api.files.expiry import ExpiresAfter
from ossian.api.files.file import UPLOADED
from ossian.api.validation import checked
from ossian.errors import InvalidRequestError

EXPIRY: Final = "expires_after"
_MEMBERS: Final = {f"{EXPIRY}[anchor]": "anchor", f"{EXPIRY}[seconds]": "seconds"}
FIELDS: Final = ("purpose", *_MEMBERS)


@dataclass(frozen=True, slots=True)
class UploadFields:
    """What is said of a file. Without `seconds` the server decides when it expires."""

    purpose: str
    seconds: int | None = None


def upload_fields(given: Mapping[str, str], *, ignore_unknown: bool = False) -> UploadFields:
    """Return the fields of a form. Raises InvalidRequestError, which names the first offending one."""
    if not ignore_unknown:
        _refuse_unknown(given)
    purpose = given.get("purpose")
    if purpose is None:
        message = "Missing required parameter: 'purpose'."
        raise InvalidRequestError(message, param="purpose", code="missing_required_parameter")
    if purpose not in UPLOADED:
        purposes = ", ".join(f"'{each}'" for each in UPLOADED)
        message = f"Invalid value for 'purpose': expected one of {purposes}, but got '{purpose[:80]}'."
        raise InvalidRequestError(message, param="purpose", code="invalid_value")
    return UploadFields(purpose, _seconds(given))


def _refuse_unknown(given: Mapping[str, str]) -> None:
    for name in given:
        if name not in FIELDS:
            message = f"Unknown parameter: '{name[:80]}'. An upload has 'file', 'purpose' and 'expires_after'."
            raise InvalidRequestError(message, param=name[:80], code="unknown_parameter")


def _seconds(given: Mapping[str, str]) -> int | None:
    members = {member: given[name] for name, member in _MEMBERS.items() if name in given}
    if not members:
        return None
    value: JsonObject = {**members}
    if "seconds" in members and _is_number(members["seconds"]):
        value["seconds"] = int(members["seconds"])
    try:
        return checked(value, ExpiresAfter).seconds
    except InvalidRequestError as error:
        param = EXPIRY if error.param is None else f"{EXPIRY}[{error.param}]"
        message = error.message if error.param is None else error.message.replace(f"'{error.param}'", f"'{param}'", 1)
        raise InvalidRequestError(message, param=param, code=error.code) from None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
