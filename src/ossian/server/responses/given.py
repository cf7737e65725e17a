"""What a request gives the model: its own items and all that comes before them, parsed and checked."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ossian.api.fields import JsonObject
from ossian.api.responses.call_results import check_call_results
from ossian.api.responses.items import InputItem, distinct_bodies, parse_items
from ossian.api.responses.prompt import conversation
from ossian.api.responses.prompts import Filled
from ossian.api.responses.schema import ConversationFields
from ossian.generation import Generation
from ossian.server.responses.caller import Caller
from ossian.server.responses.fitting import Fitted, fitted
from ossian.server.responses.state import History, Unstored, history_of, nothing_unstored, with_references
from ossian.server.service import Service

NO_TEMPLATE: Final = Filled(None, [])


@dataclass(frozen=True, slots=True)
class Given:
    """All the items of a request. The first `num_before` are not its own; `own` are the bodies of the others."""

    items: list[InputItem]
    num_before: int
    history: History
    own: list[JsonObject]


async def read_given(
    service: Service,
    caller: Caller,
    request: ConversationFields,
    template: Filled = NO_TEMPLATE,
    unstored: Unstored = nothing_unstored,
) -> Given:
    """Return the items of a request. Raises a RequestError for those that are not there or do not fit together."""
    history = await history_of(service.database, caller.scope, request, unstored)
    own = await with_references(service.database, caller.scope, request.items)
    return await asyncio.to_thread(_given, service, template, history, own)


async def fitted_prompt(
    service: Service,
    caller: Caller,
    generation: Generation,
    request: ConversationFields,
    given: Given,
    max_tokens: int | None = None,
) -> Fitted:
    """Return what the engine gets to see of it, however long that is. Raises a RequestError when it cannot be told."""
    today = datetime.fromtimestamp(service.parts.now(), UTC).date()
    return await fitted(
        generation,
        given.items,
        lambda items: conversation(request, items, today, caller.reveal, caller.recall, num_history=given.num_before),
        max_tokens,
        may_drop=request.truncation == "auto",
    )


def _given(service: Service, template: Filled, history: History, own: Sequence[InputItem]) -> Given:
    before = parse_items([*template.items, *history.bodies])
    items = [*before, *own]
    check_call_results(items, len(before))
    return Given(items, len(before), history, distinct_bodies(own, history.bodies, service.parts.new_id))
