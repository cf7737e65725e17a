"""The query of an address, read strictly: a filter that is misspelt must not become an answer about everything."""

from collections.abc import Collection, Iterable
from typing import Final, Literal, TypeAlias

from ossian.errors import InvalidRequestError

MAX_NUM_VALUES: Final = 100  # of a filter
MAX_TIME: Final = 100_000_000_000  # in the year 5138; the calendar that weeks and months come from ends in 9999

Order: TypeAlias = Literal["asc", "desc"]
_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}
_MAX_DIGITS: Final = 15


class Query:
    """The parameters of one request. Lists are written `name=a&name=b` or, as OpenAI's clients do, `name[]=a`."""

    def __init__(self, pairs: Iterable[tuple[str, str]], known: Collection[str], *, ignore_unknown: bool) -> None:
        """Read them all. Raises InvalidRequestError for one that is not among `known`, unless those are ignored."""
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            plain = name.removesuffix("[]")
            if plain in known:
                self._values.setdefault(plain, []).append(value)
            elif not ignore_unknown:
                raise _unknown(name, known)

    def text(self, name: str) -> str | None:
        """Return a parameter's value, None when it is empty or not there; of several, the last."""
        return self._values.get(name, [""])[-1] or None

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the values of a list, each once. Raises InvalidRequestError for too many."""
        values = tuple(dict.fromkeys(value for value in self._values.get(name, ()) if value))
        if len(values) > MAX_NUM_VALUES:
            raise invalid(name, f"at most {MAX_NUM_VALUES} values", f"{len(values)} of them")
        return values

    def choices(self, name: str, allowed: Collection[str]) -> tuple[str, ...]:
        """Return the values of a list. Raises InvalidRequestError for one that is not among the allowed."""
        values = self.texts(name)
        for value in values:
            if value not in allowed:
                raise invalid(name, f"any of {quoted(allowed)}", value)
        return values

    def number(self, name: str, lowest: int, highest: int) -> int | None:
        """Return a whole number, None when there is none. Raises InvalidRequestError outside the limits."""
        text = self.text(name)
        if text is None:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS and lowest <= int(text) <= highest):
            raise invalid(name, f"an integer from {lowest} to {highest}", text)
        return int(text)

    def time(self, name: str) -> int | None:
        """Return a time in seconds since 1970. Raises InvalidRequestError for what is none."""
        text = self.text(name)
        if text is None:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS and int(text) <= MAX_TIME):
            raise invalid(name, "a time in whole seconds since 1970", text)
        return int(text)

    def boolean(self, name: str) -> bool:
        """Return true or false, which is what it is when it is not there."""
        text = (self.text(name) or "false").lower()
        if text not in _BOOLEANS:
            raise invalid(name, "true or false", text)
        return _BOOLEANS[text]

    def order(self, default: Order) -> Order:
        """Return the order of a list, by time."""
        match self.text("order") or default:
            case "asc":
                return "asc"
            case "desc":
                return "desc"
            case text:
                raise invalid("order", "one of 'asc', 'desc'", text)


def invalid(name: str, expected: str, given: str) -> InvalidRequestError:
    """Return the refusal of a parameter's value."""
    message = f"Invalid value for '{name}': expected {expected}, but got '{given[:80]}'."
    return InvalidRequestError(message, param=name, code="invalid_value")


def missing(name: str, meaning: str) -> InvalidRequestError:
    """Return the refusal of a query without a parameter."""
    message = f"Missing required parameter: '{name}', {meaning}."
    return InvalidRequestError(message, param=name, code="missing_required_parameter")


def quoted(names: Iterable[str]) -> str:
    """Return names as messages list them."""
    return ", ".join(f"'{name}'" for name in names)


def _unknown(name: str, known: Collection[str]) -> InvalidRequestError:
    way_out = f"There are: {quoted(known)}." if known else "There are none here."
    message = f"Unknown query parameter: '{name[:80]}'. {way_out}"
    return InvalidRequestError(message, param=name[:80], code="unknown_parameter")
