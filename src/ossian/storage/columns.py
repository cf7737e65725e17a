"""Kinds of columns: what holds whatever a client may send (keys, labels, JSON), and exact times and amounts."""

import hashlib
import json
import re
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import BigInteger, Dialect, String, Text
from sqlalchemy.types import TypeDecorator

PLAIN_KEY = re.compile(r"[!-~]{0,200}", re.ASCII)
LONG_NUMBER = re.compile(r"\d{19}")
UNSTORABLE = re.compile(r"[\0\ud800-\udfff]")
MICROSECONDS = 1_000_000  # in a second
MONEY_UNITS = 10**12  # in one of the currency
MAX_INTEGER = 2**63 - 1


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


class Label(TypeDecorator[str]):
    """Text for people, of one line or a few: what no database would take in it is replaced, what is too long is cut."""

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length  # SQLAlchemy finds it by the parameter's name

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 (likewise)
        """Make it fit."""
        return value if value is None else UNSTORABLE.sub("\ufffd", value)[: self.length]


class Microseconds(TypeDecorator[float]):
    """A time in seconds since 1970, to the microsecond: as an integer, which every database divides alike."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> int | None:  # noqa: ARG002 (likewise)
        """Round it."""
        return None if value is None else round(value * MICROSECONDS)

    def process_result_value(self, value: int | None, dialect: Dialect) -> float | None:  # noqa: ARG002 (likewise)
        """Return seconds."""
        return None if value is None else value / MICROSECONDS


class Money(TypeDecorator[Decimal]):
    """An amount of money in units of 10^-12: exact to a millionth of a cent for the cheapest token."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:  # noqa: ARG002 (likewise)
        """Round it; what is over nine million is beyond any request's price, and must not lose the others' records."""
        return None if value is None else min(round(value * MONEY_UNITS), MAX_INTEGER)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 (likewise)
        """Return the amount."""
        return None if value is None else Decimal(value) / MONEY_UNITS


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
