"""POST /v1/responses/compact: the model itself writes the summary that stands for a history from then on."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from datetime import UTC, datetime

from ossian.accounts.scopes import Endpoint
from ossian.api.fields import JsonObject
from ossian.api.responses.call_results import check_call_results
from ossian.api.responses.compaction import (
    COMPACTION_SHAPE,
    MAX_SUMMARY_TOKENS,
    MAX_VERBATIM_TOKENS,
    compacted,
    compaction_body,
    compaction_turn,
    summary_of,
    without_open_calls,
)
from ossian.api.responses.events import ResponseEvents, ResponseOptions
from ossian.api.responses.items import InputItem, item_bodies, parse_items
from ossian.api.responses.prompt import conversation
from ossian.api.responses.schema import CompactRequest, ConversationFields
from ossian.api.responses.shape import check_schemas
from ossian.engine.base import SamplingParams
from ossian.generation import Generation, TurnRequest, check_fits
from ossian.harmony.messages import Conversation
from ossian.server.metering import Meter, num_reserved
from ossian.server.responses.caller import Caller
from ossian.server.responses.fitting import Fitted, fitted
from ossian.server.responses.state import history_of, with_references
from ossian.server.service import Service, meter_of

SHARE = 4  # a summary takes at most one part in so many of the context, and so do the messages that are kept


async def compact(service: Service, caller: Caller, request: CompactRequest) -> JsonObject:
    """Return the answer to a request to make a history shorter. Raises a RequestError or an EngineError."""
    model, generation = await service.begin(caller.connection, request.model, Endpoint.RESPONSES)
    await asyncio.to_thread(check_schemas, _fields(request))
    bodies = await _bodies(service, caller, request)
    share = generation.engine.info.max_model_len // SHARE
    max_tokens = min(MAX_SUMMARY_TOKENS, share)
    fit = await _prompt(service, caller, generation, request, bodies, max_tokens)
    head = service.head("resp_", model, generation)
    turn = TurnRequest(
        f"{head.id}-0",
        fit.prompt,
        SamplingParams(max_tokens=max_tokens, temperature=generation.engine.info.default_temperature),
        shape=await service.compilers.compile(meter_of(caller.connection), generation, COMPACTION_SHAPE),
    )
    num_tokens = num_reserved([fit.prompt], [max_tokens])
    response = await _response(service, meter_of(caller.connection), num_tokens, generation, turn)
    output = await asyncio.to_thread(
        compacted,
        bodies,
        summary_of(response),
        conceal=caller.conceal,
        new_id=service.parts.new_id,
        num_tokens=lambda text: len(generation.encoding.encode(text)),
        max_verbatim_tokens=min(MAX_VERBATIM_TOKENS, share),
    )
    warnings = [{"code": each.code, "param": each.param, "message": each.message} for each in fit.notices]
    body = compaction_body(head, output, response["usage"])
    return body | {"ossian": {"warnings": warnings}} if warnings else body


async def _bodies(service: Service, caller: Caller, request: CompactRequest) -> list[JsonObject]:
    history = await history_of(service.database, caller.scope, _fields(request))
    own = await with_references(service.database, caller.scope, request.items)
    return [*history.bodies, *item_bodies(own, service.parts.new_id)]


async def _prompt(
    service: Service,
    caller: Caller,
    generation: Generation,
    request: CompactRequest,
    bodies: Sequence[JsonObject],
    max_tokens: int,
) -> Fitted:
    """The history, and the wish for a summary. What is longer than the context can only be made shorter without its
    oldest items.
    """
    history, _ = without_open_calls(bodies)
    items = await asyncio.to_thread(parse_items, history)
    check_call_results(items, num_history=len(items))
    today = datetime.fromtimestamp(service.parts.now(), UTC).date()

    def told(some: Sequence[InputItem]) -> Conversation:
        return compaction_turn(
            conversation(_fields(request), some, today, caller.reveal, caller.recall, num_history=len(some))
        )

    fit = await fitted(generation, items, told, max_tokens, may_drop=True)
    check_fits(len(fit.prompt), max_tokens, generation.engine.info.max_model_len, "input")
    return fit


async def _response(
    service: Service, meter: Meter, num_tokens: int, generation: Generation, turn: TurnRequest
) -> JsonObject:
    events = ResponseEvents({"output": [], "usage": None}, ResponseOptions(), service.parts.new_id)
    turns = await service.admit(meter, num_tokens, [turn], generation.turn)
    try:
        async with aclosing(turns.events()) as turn_events:
            async for _, event in turn_events:
                for _ in events.push(event):
                    pass
    finally:
        await turns.aclose()
    return events.response


def _fields(request: CompactRequest) -> ConversationFields:
    """The same request as one for a response has it: it was checked already. A summary has no format of its own."""
    return ConversationFields.model_construct(
        model=request.model,
        input=request.input,
        instructions=request.instructions,
        previous_response_id=request.previous_response_id,
        tools=request.tools,
        reasoning=request.reasoning,
        text=None,
    )
