"""Virtual names: `gpt-oss@cheapest?context_size>100000&input_cost<0.5` stands for the best model that there is.

    name      = tag "@" ranker [ "?" condition { "&" condition } ]
    condition = field ( "<" | ">" | "=" ) value

Spaces are allowed around every part. Reading takes linear time, whatever the text.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final, NoReturn, TypeAlias, TypeVar

from ossian.errors import InvalidRequestError

FORM: Final = "Virtual names are tag@ranker or tag@ranker?condition, such as gpt-oss@fastest?context_size>100000."
MAX_CONDITIONS: Final = 16

_OPERATOR: Final = re.compile(r"[<>=!]+")
_NUMBER: Final = re.compile(r"([0-9]++(?:\.[0-9]++)?)([KMBkmb]?)")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_POWERS: Final = {"": 0, "K": 3, "M": 6, "B": 9}
_SHOWN: Final = 64  # characters of a caller's text in a message

Value: TypeAlias = Decimal | date


class Ranker(StrEnum):
    """Which of the models that fit is the best."""

    FASTEST = "fastest"
    CHEAPEST = "cheapest"
    BIGGEST = "biggest"
    LATEST = "latest"
    SMALLEST = "smallest"


class ModelFact(StrEnum):
    """What a condition can be about."""

    CONTEXT_SIZE = "context_size"  # tokens
    MAX_TOKENS = "max_tokens"  # of output
    INPUT_COST = "input_cost"  # of a million tokens, in the catalog's currency
    PARAMS = "params"
    ENDPOINT_PUBLICATION_DATE = "endpoint_publication_date"


class Comparison(StrEnum):
    """How a fact is compared with a condition's value."""

    LESS = "<"
    GREATER = ">"
    EQUAL = "="


@dataclass(frozen=True, slots=True)
class Condition:
    """What a model must meet. `value` is a date for ENDPOINT_PUBLICATION_DATE, else a number."""

    fact: ModelFact
    comparison: Comparison
    value: Value

    def __str__(self) -> str:
        value = f"{self.value:f}" if isinstance(self.value, Decimal) else self.value.isoformat()
        return f"{self.fact}{self.comparison}{value}"

    def is_met_by(self, actual: Value | None) -> bool:
        """Tell whether a fact is as it should be; one that is not known never is."""
        if actual is None:
            return False
        if self.comparison is Comparison.EQUAL:
            return actual == self.value
        low, high = (actual, self.value) if self.comparison is Comparison.LESS else (self.value, actual)
        return low < high  # type: ignore[operator]  # a fact is of its condition's type


@dataclass(frozen=True, slots=True)
class VirtualName:
    """A virtual name that was read. Letter case does not count in tags."""

    tag: str
    ranker: Ranker
    conditions: tuple[Condition, ...] = ()

    def __str__(self) -> str:
        conditions = "&".join(map(str, self.conditions))
        return f"{self.tag}@{self.ranker}" + (f"?{conditions}" if conditions else "")

    @classmethod
    def read(cls, text: str) -> "VirtualName":
        """Return what a text asks for; raise InvalidRequestError, which says what there is and how to write it."""
        tag, at, rest = text.partition("@")
        ranker, question, conditions = rest.partition("?")
        if not (at and tag.strip()):
            refuse(f"{quoted(text)} has no tag and ranker.")
        parts = conditions.split("&", MAX_CONDITIONS) if question else []
        if len(parts) > MAX_CONDITIONS:
            refuse(f"A virtual name has at most {MAX_CONDITIONS} conditions.")
        return cls(tag.strip(), member(Ranker, ranker, "ranker"), tuple(map(condition, parts)))


def is_virtual(name: str) -> bool:
    """Tell whether a name asks for a ranker. Real names may hold an `@` too, so those are looked up first."""
    return "@" in name


def condition(text: str) -> Condition:
    """Read one condition."""
    operator = _OPERATOR.search(text)
    if operator is None:
        refuse(f"{quoted(text)} is no condition: it has none of {listing(Comparison)}.")
    fact = member(ModelFact, text[: operator.start()], "field")
    comparison = member(Comparison, operator.group(), "operator")
    read = day if fact is ModelFact.ENDPOINT_PUBLICATION_DATE else number
    return Condition(fact, comparison, read(text[operator.end() :].strip(), fact))


def number(text: str, fact: ModelFact) -> Decimal:
    """Read a number; K, M and B stand for thousands, millions and billions."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        refuse(f"{fact} is compared with a number such as 100000, 0.5 or 20B, not with {quoted(text)}.")
    digits, power = match.groups()
    sign, all_digits, exponent = Decimal(digits).as_tuple()
    assert isinstance(exponent, int)
    return Decimal((sign, all_digits, exponent + _POWERS[power.upper()]))


def day(text: str, fact: ModelFact) -> date:
    """Read a date."""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass  # no such day
    refuse(f"{fact} is compared with a day such as 2026-01-31, not with {quoted(text)}.")


MemberT = TypeVar("MemberT", bound=StrEnum)


def member(kind: type[MemberT], text: str, noun: str) -> MemberT:
    """Read one of a few words."""
    try:
        return kind(text.strip())
    except ValueError:
        refuse(f"There is no {noun} {quoted(text.strip())}; the {noun}s are {listing(kind)}.")


def listing(words: Iterable[str]) -> str:
    """Return `'a', 'b'`."""
    return ", ".join(f"'{word}'" for word in words)


def quoted(text: str) -> str:
    """Return a caller's text for a message, shortened."""
    return f"'{text}'" if len(text) <= _SHOWN else f"'{text[:_SHOWN]}…'"


def refuse(reason: str) -> NoReturn:
    """Raise the error of a virtual name that cannot be read."""
    raise InvalidRequestError(f"{reason} {FORM}", param="model", code="invalid_value")
