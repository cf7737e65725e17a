"""Two kinds of columns that hold whatever a client may send: keys and JSON."""

import hashlib
import json
import re
from typing import Any

import orjson
from sqlalchemy import Dialect, String, Text
from sqlalchemy.types import TypeDecorator

PLAIN_KEY = re.compile(r"[!-~]{0,200}", re.ASCII)
LONG_NUMBER = re.compile(r"\d{19}")


class Key(TypeDecorator[str]):
    """An id, a scope or a name, to be found again by equality.

    What no database would take as it is (NUL, half a surrogate pair, a megabyte in an index) becomes its digest.
    """

    impl = String(200)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 (SQLAlchemy passes it)
        """Keep what is plain and short."""
        if value is None or PLAIN_KEY.fullmatch(value):
            return value
        return f"sha256:{hashlib.sha256(value.encode(errors='surrogatepass')).hexdigest()}"


class Json(TypeDecorator[Any]):
    """JSON as text, and not as PostgreSQL's jsonb, which refuses NUL in strings and reorders keys."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:  # noqa: ARG002 (likewise)
        """Write it."""
        return dumped(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 (likewise)
        """Read it; NULL, as an outer join makes it, stays None."""
        return None if value is None else loaded(value)


def dumped(value: Any) -> str:
    """Return the JSON text of a value; integers over 64 bits and half surrogate pairs are what orjson refuses."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return json.dumps(value, separators=(",", ":"))


def loaded(text: str) -> Any:
    """Return the value of a JSON text exactly; orjson would make floats of long integers."""
    if LONG_NUMBER.search(text):
        return json.loads(text)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)
