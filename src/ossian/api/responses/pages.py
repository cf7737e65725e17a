"""Lists in pages: what a client asks for in a query, and the body it gets."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Final, Literal, get_args

from ossian.api.fields import JsonObject
from ossian.errors import InvalidRequestError

PARAMETERS: Final = ("after", "limit", "order")
MAX_LIMIT: Final = 100
DEFAULT_LIMIT: Final = 20
ENCRYPTED: Final = "reasoning.encrypted_content"

Include = Literal[
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
]
Order = Literal["asc", "desc"]


@dataclass(frozen=True)
class PageQuery:
    """Which part of a list is wanted: `limit` objects after the one named `after`."""

    after: str | None = None
    limit: int = DEFAULT_LIMIT
    order: Order = "desc"
    include: frozenset[str] = frozenset()


def page_query(
    pairs: Iterable[tuple[str, str]], *, max_limit: int = MAX_LIMIT, default_limit: int = DEFAULT_LIMIT
) -> PageQuery:
    """Return the query in a URL's parameters; unknown ones are ignored. Raises InvalidRequestError for a wrong one."""
    pairs = list(pairs)
    given = dict(pairs)
    return PageQuery(
        given.get("after") or None, _limit(given, max_limit, default_limit), _order(given), included(pairs)
    )


def included(pairs: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Return what `include=` or `include[]=` ask for. Raises InvalidRequestError for a value that does not exist."""
    values = [value for name, value in pairs if name in ("include", "include[]")]
    for value in values:
        if value not in get_args(Include):
            raise _invalid("include", f"one of {_quoted(get_args(Include))}", value)
    return frozenset(values)


def list_body(data: list[JsonObject], *, has_more: bool) -> JsonObject:
    """Return a page. An empty one has no first and last object; OpenAI's clients take the empty string for that."""
    first, last = (data[0]["id"], data[-1]["id"]) if data else ("", "")
    return {"object": "list", "data": data, "first_id": first, "last_id": last, "has_more": has_more}


def shown(item: JsonObject, include: Collection[str], conceal: Callable[[str], str]) -> JsonObject:
    """Return a stored item as a caller sees it: its reasoning is encrypted as well when `include` asks for that."""
    if item["type"] != "reasoning" or ENCRYPTED not in include or not item.get("content"):
        return item
    return item | {"encrypted_content": conceal("".join(part["text"] for part in item["content"]))}


def _limit(given: dict[str, str], max_limit: int, default_limit: int) -> int:
    text = given.get("limit", str(default_limit))
    if not (text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= max_limit):
        raise _invalid("limit", f"an integer from 1 to {max_limit}", text)
    return int(text)


def _order(given: dict[str, str]) -> Order:
    text = given.get("order", "desc")
    if text == "asc":
        return "asc"
    if text == "desc":
        return "desc"
    raise _invalid("order", "one of 'asc', 'desc'", text)


def _invalid(name: str, expected: str, value: str) -> InvalidRequestError:
    message = f"Invalid value for '{name}': expected {expected}, but got '{value[:80]}'."
    return InvalidRequestError(message, param=name, code="invalid_value")


def _quoted(names: Collection[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
