"""/v1/responses: make, get, stream again, cancel and delete responses; count tokens, make a history shorter."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from fastapi import APIRouter, Request, Response

from ossian.api.errors import error_answer
from ossian.api.fields import JsonObject
from ossian.api.responses.dialects import translated, translated_item
from ossian.api.responses.pages import PARAMETERS as PAGE_PARAMETERS
from ossian.api.responses.pages import PageQuery, list_body, page_query, shown
from ossian.api.responses.retrieval import PARAMETERS as RETRIEVAL_PARAMETERS
from ossian.api.responses.retrieval import retrieval_query
from ossian.api.responses.schema import CompactRequest, InputTokensRequest, ResponseRequest
from ossian.api.responses.shape import check_schemas
from ossian.errors import InvalidRequestError, NotFoundError
from ossian.server.disconnect import while_connected
from ossian.server.errors import JsonResponse, error_response
from ossian.server.openapi import query_parameters, request_body
from ossian.server.request_context import record_of
from ossian.server.responses.background import background_of
from ossian.server.responses.caller import Caller, caller_of
from ossian.server.responses.compacting import compact
from ossian.server.responses.given import fitted_prompt, read_given
from ossian.server.responses.run import ResponseRun
from ossian.server.responses.state import MAX_ID_SHOWN
from ossian.server.responses.stream import begun, written
from ossian.server.responses.turn import prepare
from ossian.server.responses.warm_up import WarmUpRun
from ossian.server.service import Service, service_of
from ossian.server.sse import EventStream, named_event
from ossian.storage.records import StoredResponse

router = APIRouter(prefix="/v1/responses", tags=["Responses"])


@router.post("", openapi_extra=request_body(ResponseRequest))
async def create_response(request: Request) -> Response:
    """Answer an input, and what it continues: whole, as a stream of server-sent events, or in the background."""
    service = service_of(request)
    caller = caller_of(service, request)
    asked = await service.read(request, ResponseRequest)
    run = (WarmUpRun if asked.is_warm_up else ResponseRun)(service, await prepare(service, caller, asked))
    if asked.background:
        return await _in_background(request, run)
    await run.admit(request.receive)
    if asked.stream:
        return EventStream(_told(request, run), run, service.keep_alive_seconds, named_event)
    return await _whole(request, run)


@router.post("/input_tokens", openapi_extra=request_body(InputTokensRequest))
async def count_input_tokens(request: Request) -> Response:
    """Count the tokens that a response to this input would have in its prompt."""
    service = service_of(request)
    caller = caller_of(service, request)
    asked = await service.read(request, InputTokensRequest)
    _, generation = service.resolve(request, asked.model)
    await asyncio.to_thread(check_schemas, asked)
    given = await read_given(service, caller, asked)
    fit = await fitted_prompt(service, caller, generation, asked, given)
    return JsonResponse({"object": "response.input_tokens", "input_tokens": len(fit.prompt)})


@router.post("/compact", openapi_extra=request_body(CompactRequest))
async def compact_history(request: Request) -> Response:
    """Make a history shorter: the user's newest messages, and a summary of the rest that only this server can read."""
    service = service_of(request)
    caller = caller_of(service, request)
    asked = await service.read(request, CompactRequest)
    body = await while_connected(request.receive, compact(service, caller, asked))
    return JsonResponse(translated(body, caller.dialect))


@router.get("/{response_id}", openapi_extra=query_parameters(RETRIEVAL_PARAMETERS))
async def retrieve_response(request: Request, response_id: str) -> Response:
    """Return a stored response, or the stream of one that was created with `background` and `stream`."""
    service = service_of(request)
    caller = caller_of(service, request)
    query = retrieval_query(request.query_params.multi_items())
    stored = await _stored(service, caller, response_id)
    if query.stream:
        canonical = await begun(background_of(request).events(stored))
        events = written(canonical, caller.dialect, query.starting_after)
        return EventStream(events, events, service.keep_alive_seconds, named_event)
    output = [shown(item, query.include, caller.conceal) for item in stored.body["output"]]
    return JsonResponse(translated(stored.body | {"output": output}, caller.dialect))


@router.delete("/{response_id}")
async def delete_response(request: Request, response_id: str) -> Response:
    """Delete a response; one that is still made is stopped. What continues it keeps its context."""
    service = service_of(request)
    if not await service.database.responses.delete(service.scope(request), response_id):
        raise _not_found(response_id)
    background_of(request).end(response_id)
    return JsonResponse({"id": response_id, "object": "response", "deleted": True})


@router.post("/{response_id}/cancel")
async def cancel_response(request: Request, response_id: str) -> Response:
    """Stop a background response, and return it; one that has ended stays as it is."""
    service = service_of(request)
    caller = caller_of(service, request)
    stored = await _stored(service, caller, response_id)
    if not stored.is_background:
        message = "Cannot cancel a synchronous response: only those created with background: true can be cancelled."
        raise InvalidRequestError(message, param="response_id", code="response_not_cancellable")
    ended = await background_of(request).cancel(stored)
    return JsonResponse(translated(ended.body, caller.dialect))


@router.get("/{response_id}/input_items", openapi_extra=query_parameters((*PAGE_PARAMETERS, "include")))
async def list_input_items(request: Request, response_id: str) -> Response:
    """List a response's own input items in pages, the newest first unless `order` is `asc`."""
    service = service_of(request)
    caller = caller_of(service, request)
    query = page_query(request.query_params.multi_items())
    stored = await _stored(service, caller, response_id)
    items, has_more = _page(stored.input_items, query)
    data = [translated_item(shown(item, query.include, caller.conceal), caller.dialect) for item in items]
    return JsonResponse(list_body(data, has_more=has_more))


async def _in_background(request: Request, run: ResponseRun) -> Response:
    service, prepared = service_of(request), run.prepared
    background = background_of(request)
    await prepared.meter.reserve(prepared.num_reserved)
    stored = await background.start(run, is_streamed=bool(prepared.request.stream))
    if not prepared.request.stream:
        return JsonResponse(translated(stored.body, prepared.caller.dialect))
    events = written(background.events(stored), prepared.caller.dialect)
    return EventStream(events, events, service.keep_alive_seconds, named_event)


async def _whole(request: Request, run: ResponseRun) -> Response:
    """The response that the stream would end with. The turn is aborted when the client leaves first."""
    try:
        body = await while_connected(request.receive, _last_response(run))
    finally:
        await run.aclose()
    if run.error is not None:
        return error_response(run.error)
    return JsonResponse(translated(body, run.prepared.caller.dialect))


async def _last_response(run: ResponseRun) -> JsonObject:
    body: JsonObject = {}
    async with aclosing(run.events()) as events:
        async for event in events:
            body = event.get("response", body)
    return body


async def _told(request: Request, run: ResponseRun) -> AsyncGenerator[JsonObject]:
    """The stream of a run. Its end is what the log and the metrics are told, too."""
    async with aclosing(written(run.events(), run.prepared.caller.dialect)) as events:
        async for event in events:
            if run.error is not None:
                record_of(request.scope).status = error_answer(run.error)[0]
            yield event


async def _stored(service: Service, caller: Caller, response_id: str) -> StoredResponse:
    stored = await service.database.responses.get(service.scope(caller.connection), response_id)
    if stored is None:
        raise _not_found(response_id)
    return stored


def _not_found(response_id: str) -> NotFoundError:
    message = f"Response with id '{response_id[:MAX_ID_SHOWN]}' not found."
    return NotFoundError(message, param="response_id", code="response_not_found")


def _page(items: Sequence[JsonObject], query: PageQuery) -> tuple[Sequence[JsonObject], bool]:
    """Return a page of items, and whether more follow it. Raises NotFoundError when `after` is none of them."""
    ordered = items if query.order == "asc" else items[::-1]
    first = 0
    if query.after is not None:
        places = [index for index, item in enumerate(ordered) if item["id"] == query.after]
        if not places:
            message = f"Item with id '{query.after[:MAX_ID_SHOWN]}' not found."
            raise NotFoundError(message, param="after", code="item_not_found")
        first = places[0] + 1
    return ordered[first : first + query.limit], len(ordered) > first + query.limit
