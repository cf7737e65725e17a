"""The formats of JSON Schema, checked: jsonschema's own checks, and RFC 3339's times, which it leaves to a package."""

import re
from datetime import date

from jsonschema import Draft202012Validator, FormatChecker

FORMATS = FormatChecker(())
FORMATS.checkers = dict(Draft202012Validator.FORMAT_CHECKER.checkers)

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII)


@FORMATS.checks("time")
def is_time(text: object) -> bool:
    return not isinstance(text, str) or bool(_TIME.fullmatch(text))


@FORMATS.checks("date-time", raises=ValueError)
def is_date_time(text: object) -> bool:
    if not isinstance(text, str):
        return True
    date.fromisoformat(text[:10])
    return text[10:11] in ("T", "t", " ") and is_time(text[11:])
