"""From a request to a turn that the engine can run: whatever can be wrong with it is found here, before it runs."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ossian.accounts.scopes import Endpoint
from ossian.api.capabilities import check_capabilities, with_output_limit
from ossian.api.fields import JsonObject
from ossian.api.responses.dialects import Dialect
from ossian.api.responses.events import ResponseOptions
from ossian.api.responses.notices import Notice, notices
from ossian.api.responses.prompt import sampling
from ossian.api.responses.prompts import Filled
from ossian.api.responses.response import response_body
from ossian.api.responses.schema import ResponseRequest
from ossian.api.responses.shape import turn_shape
from ossian.catalog.catalog import Model
from ossian.errors import InvalidRequestError
from ossian.generation import Generation, TurnRequest, check_fits
from ossian.harmony.grammar import TurnShape
from ossian.server.metering import Meter, num_reserved
from ossian.server.responses.caller import Caller
from ossian.server.responses.given import Given, fitted_prompt, read_given
from ossian.server.responses.state import Unstored, check_room, nothing_unstored, template_of
from ossian.server.service import Service, meter_of

NOT_ENFORCED: Final = Notice(
    "not_enforced",
    None,
    "This engine takes no token masks: tool_choice and text.format are asked of the model, not enforced, and "
    "reasoning.max_tokens has no effect.",
)


@dataclass(frozen=True, slots=True)
class PreparedTurn:
    """A response that is about to be made: `body` is what it is now, `turn` what the engine will run, on `prompt`.

    `num_reserved` are the tokens that it may use, as far as the request says.
    """

    caller: Caller
    meter: Meter
    num_reserved: int
    model: Model
    generation: Generation
    request: ResponseRequest
    given: Given
    prompt: Sequence[int]
    turn: TurnRequest
    body: JsonObject
    is_stored: bool

    @property
    def input_items(self) -> list[JsonObject]:
        """What it adds to what it continues; when that is not stored, its items as well."""
        return self.context_items if self.given.history.is_unstored else self.given.own

    @property
    def context_items(self) -> list[JsonObject]:
        """All the items before its answer."""
        return [*self.given.history.bodies, *self.given.own]

    @property
    def previous_response_id(self) -> str | None:
        """The stored response that it continues."""
        return None if self.given.history.is_unstored else self.request.previous_response_id

    @property
    def options(self) -> ResponseOptions:
        """What the request wants to see of its answer."""
        return ResponseOptions(self.request.tool_names, self.request.included, self.caller.conceal)


async def prepare(
    service: Service, caller: Caller, request: ResponseRequest, unstored: Unstored = nothing_unstored
) -> PreparedTurn:
    """Return the turn of a request. `unstored` knows responses that the database does not.

    Raises a RequestError for what cannot be served; nothing has been stored or generated then.
    """
    model, generation = await service.begin(caller.connection, request.model, Endpoint.RESPONSES)
    declared = service.parts.catalog.declared(model.id)
    check_capabilities(request, declared)
    is_stored = _is_stored(service, caller, request)
    template = await template_of(service.database, caller.scope, request.prompt)
    request = _with_instructions(request, template)
    given = await read_given(service, caller, request, template, unstored)
    if request.conversation_id is not None:
        await check_room(service.database, caller.scope, request.conversation_id, given.own, param="conversation")
    shape = await asyncio.to_thread(turn_shape, request)
    grammar = await service.compilers.compile(meter_of(caller.connection), generation, shape)
    params = sampling(request, generation.engine.info)
    default_temperature = generation.engine.info.default_temperature
    fit = await fitted_prompt(service, caller, generation, request, given, params.max_tokens)
    check_fits(len(fit.prompt), params.max_tokens, generation.engine.info.max_model_len, "input")
    num_tokens = num_reserved([fit.prompt], [params.max_tokens])
    params = with_output_limit(params, declared, generation.engine.info.max_model_len - len(fit.prompt))
    head = service.head("resp_", model, generation)
    said = [*_notices(caller.dialect, request, given, generation, shape), *fit.notices]
    return PreparedTurn(
        caller=caller,
        meter=meter_of(caller.connection),
        num_reserved=num_tokens,
        model=model,
        generation=generation,
        request=request,
        given=given,
        prompt=fit.prompt,
        turn=TurnRequest(f"{head.id}-0", fit.prompt, params, shape=grammar),
        body=response_body(request, head, store=is_stored, default_temperature=default_temperature, notices=said)
        | _echoed(template),
        is_stored=is_stored,
    )


def _is_stored(service: Service, caller: Caller, request: ResponseRequest) -> bool:
    is_default = service.parts.settings.responses.store_by_default and caller.may_store
    is_stored = is_default if request.store is None else request.store
    if is_stored or request.background:
        service.scope(caller.connection)  # raises for those for whom nothing is
    if request.background and not is_stored:
        message = "'background' needs 'store' to be true, and this server does not store by default. Send store: true."
        raise InvalidRequestError(message, param="store", code="invalid_value")
    return is_stored


def _with_instructions(request: ResponseRequest, template: Filled) -> ResponseRequest:
    """A request's own instructions go before those of its prompt."""
    if request.instructions is not None or template.instructions is None:
        return request
    return request.model_copy(update={"instructions": template.instructions})


def _echoed(template: Filled) -> JsonObject:
    """As OpenAI, a prompt's items are shown as the response's instructions: they are not carried over either."""
    if not template.items:
        return {}
    text = template.instructions
    first = {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": text}]}
    return {"instructions": [*([first] if text else []), *map(_without_id, template.items)]}


def _without_id(item: JsonObject) -> JsonObject:
    """An item as a request has it: messages to the model have no ids there."""
    is_input = item["type"] == "message" and item["role"] != "assistant"
    return {name: value for name, value in item.items() if name != "id"} if is_input else item


def _notices(
    dialect: Dialect, request: ResponseRequest, given: Given, generation: Generation, shape: TurnShape
) -> Iterator[Notice]:
    yield from notices(request, given.items[given.num_before :], has_summaries=dialect == "summary")
    is_wish = shape.must_call or shape.final_schema is not None or shape.max_analysis_tokens is not None
    if is_wish and not generation.engine.info.takes_token_masks:
        yield NOT_ENFORCED
