"""What a request stands on besides its own input: the responses before it, a conversation, a stored prompt, items by
their ids. All of it the caller's own; what is another's does not exist.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import orjson

from ossian.api.fields import JsonObject
from ossian.api.responses.items import InputItem, ItemReference, parse_items
from ossian.api.responses.prompts import Filled, fill, version_number
from ossian.api.responses.schema import ConversationFields, PromptReference
from ossian.errors import InvalidRequestError, NotFoundError
from ossian.storage.database import Database

# All the items of a response that is not in the database, None when it is not there either.
Unstored: TypeAlias = Callable[[str], Sequence[JsonObject] | None]

UNFINISHED: Final = frozenset({"queued", "in_progress"})  # a response's status before its end
MAX_ID_SHOWN: Final = 80
MAX_CONVERSATION_CHARS: Final = 32 * 1024 * 1024  # of items as JSON: a response reads all of them to see what fits


def nothing_unstored(_response_id: str) -> None:
    """Know no response but the stored ones."""


@dataclass(frozen=True, slots=True)
class History:
    """The items before a request's own. `is_unstored`: a response that is stored now has to bring them along."""

    bodies: list[JsonObject] = field(default_factory=list)
    is_unstored: bool = False


async def history_of(
    database: Database, scope: str, request: ConversationFields, unstored: Unstored = nothing_unstored
) -> History:
    """Return what a request continues, if anything. Raises a RequestError."""
    if request.previous_response_id is not None:
        return await history_of_response(database, scope, request.previous_response_id, unstored)
    if request.conversation_id is not None:
        return await history_of_conversation(database, scope, request.conversation_id)
    return History()


async def check_room(
    database: Database, scope: str, conversation_id: str, items: Sequence[JsonObject], param: str
) -> None:
    """Raise InvalidRequestError when a conversation has no room for more items."""
    num_chars = await database.conversations.num_chars(scope, conversation_id) + len(orjson.dumps(items))
    if num_chars > MAX_CONVERSATION_CHARS:
        raise InvalidRequestError(
            f"The conversation '{conversation_id}' would have {num_chars} characters of items, and the most is "
            f"{MAX_CONVERSATION_CHARS}. Begin another one, or delete items.",
            param=param,
            code="conversation_too_large",
        )


async def history_of_response(
    database: Database, scope: str, response_id: str, unstored: Unstored = nothing_unstored
) -> History:
    """Return all the items of a response and of those it continues. Raises InvalidRequestError."""
    remembered = unstored(response_id)
    if remembered is not None:
        return History(list(remembered), is_unstored=True)
    stored = await database.responses.get(scope, response_id)
    if stored is not None and stored.status in UNFINISHED:
        message = f"The response '{response_id}' is {stored.status}: it can be continued when it has ended."
        raise InvalidRequestError(message, param="previous_response_id", code="previous_response_unfinished")
    bodies = await database.responses.context(scope, response_id) if stored else None
    if bodies is None:
        raise InvalidRequestError(
            f"Previous response with id '{response_id[:MAX_ID_SHOWN]}' not found.",
            param="previous_response_id",
            code="previous_response_not_found",
        )
    return History(bodies)


async def history_of_conversation(database: Database, scope: str, conversation_id: str) -> History:
    """Return the items of a conversation. Raises NotFoundError."""
    if await database.conversations.get(scope, conversation_id) is None:
        raise NotFoundError(
            f"Conversation with id '{conversation_id[:MAX_ID_SHOWN]}' not found.",
            param="conversation",
            code="conversation_not_found",
        )
    return History(await database.conversations.items(scope, conversation_id))


async def template_of(database: Database, scope: str, reference: PromptReference | None) -> Filled:
    """Return a stored prompt with its variables filled in, an empty one for none. Raises a RequestError."""
    if reference is None:
        return Filled(None, [])
    version = version_number(reference.version, "prompt.version")
    stored = await database.prompts.get(scope, reference.id, version)
    if stored is None:
        which = f"Version {version} of the prompt" if version is not None else "Prompt"
        raise NotFoundError(
            f"{which} with id '{reference.id[:MAX_ID_SHOWN]}' not found.", param="prompt.id", code="prompt_not_found"
        )
    return await asyncio.to_thread(fill, stored.body, reference.variables or {})


async def with_references(
    database: Database, scope: str, items: Sequence[InputItem], param: str = "input"
) -> list[InputItem]:
    """Return items with the stored ones in the place of references to them.

    Raises NotFoundError, or InvalidRequestError for a second reference to an item, at `param[i].id`.
    """
    places: dict[str, int] = {}  # of references, by their ids
    for index, item in enumerate(items):
        if isinstance(item, ItemReference) and places.setdefault(item.id, index) != index:
            message = f"The item with id '{item.id[:MAX_ID_SHOWN]}' is {param}[{places[item.id]}] already."
            raise InvalidRequestError(message, param=f"{param}[{index}].id", code="duplicate_item")
    if not places:
        return list(items)
    found = await database.responses.find_items(scope, places)
    return await asyncio.to_thread(_with_found, items, param, found)


def _with_found(items: Sequence[InputItem], param: str, found: dict[str, JsonObject]) -> list[InputItem]:
    return [_resolved(item, f"{param}[{index}]", found) for index, item in enumerate(items)]


def _resolved(item: InputItem, place: str, found: dict[str, JsonObject]) -> InputItem:
    if not isinstance(item, ItemReference):
        return item
    if item.id not in found:
        raise NotFoundError(
            f"Item with id '{item.id[:MAX_ID_SHOWN]}' not found. Items of responses with 'store' set to false are not "
            "kept: send the item itself.",
            param=f"{place}.id",
            code="item_not_found",
        )
    return parse_items([found[item.id]], place)[0]
