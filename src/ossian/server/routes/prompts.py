"""/v1/prompts: what `prompt` in a request for a response refers to."""

import asyncio

from fastapi import APIRouter, Request, Response

from ossian.api.fields import JsonObject
from ossian.api.responses.items import item_bodies, parse_items
from ossian.api.responses.pages import PARAMETERS, list_body, page_query
from ossian.api.responses.prompts import PromptRequest, deleted_body, prompt_body, template, version_number
from ossian.errors import NotFoundError
from ossian.server.errors import JsonResponse
from ossian.server.openapi import query_parameters, request_body
from ossian.server.responses.state import with_references
from ossian.server.service import Service, service_of
from ossian.storage.records import StoredPrompt

router = APIRouter(prefix="/v1/prompts", tags=["Prompts"])


@router.post("", openapi_extra=request_body(PromptRequest))
async def create_prompt(request: Request) -> Response:
    """Store a prompt, as its version 1."""
    service = service_of(request)
    scope = service.scope(request)
    body = await _template(service, scope, request)
    new_id = service.parts.new_id("pmpt_")
    stored = await service.database.prompts.create(scope, new_id, body, int(service.parts.now()))
    assert stored is not None, "a new id was taken"
    return JsonResponse(_body(stored))


@router.get("", openapi_extra=query_parameters(PARAMETERS))
async def list_prompts(request: Request) -> Response:
    """List the newest version of each prompt in pages, the newest prompt first unless `order` is `asc`."""
    service = service_of(request)
    query = page_query(request.query_params.multi_items())
    page = await service.database.prompts.page(service.scope(request), query.after, query.limit, query.order)
    if page is None:
        raise _no_prompt(query.after or "", param="after")
    return JsonResponse(list_body([_body(prompt) for prompt in page.items], has_more=page.has_more))


@router.get("/{prompt_id}", openapi_extra=query_parameters(["version"]))
async def get_prompt(request: Request, prompt_id: str) -> Response:
    """Return a prompt: the version that `?version=` names, else the newest."""
    service = service_of(request)
    version = version_number(request.query_params.get("version"), "version")
    stored = await service.database.prompts.get(service.scope(request), prompt_id, version)
    if stored is None:
        raise _no_prompt(prompt_id, version)
    return JsonResponse(_body(stored))


@router.post("/{prompt_id}", openapi_extra=request_body(PromptRequest))
async def add_version(request: Request, prompt_id: str) -> Response:
    """Store the next version of a prompt. Those before it stay as they are."""
    service = service_of(request)
    scope = service.scope(request)
    body = await _template(service, scope, request)
    stored = await service.database.prompts.add_version(scope, prompt_id, body, int(service.parts.now()))
    if stored is None:
        raise _no_prompt(prompt_id)
    return JsonResponse(_body(stored))


@router.delete("/{prompt_id}")
async def delete_prompt(request: Request, prompt_id: str) -> Response:
    """Delete a prompt with all its versions."""
    service = service_of(request)
    if not await service.database.prompts.delete(service.scope(request), prompt_id):
        raise _no_prompt(prompt_id)
    return JsonResponse(deleted_body(prompt_id))


async def _template(service: Service, scope: str, request: Request) -> JsonObject:
    body = await service.read(request, PromptRequest)
    parsed = await asyncio.to_thread(parse_items, body.input or [], "input")
    items = await with_references(service.database, scope, parsed, "input")
    bodies = await asyncio.to_thread(item_bodies, items, service.parts.new_id)
    return await asyncio.to_thread(template, body, bodies)


def _body(stored: StoredPrompt) -> JsonObject:
    return prompt_body(stored.id, stored.version, stored.created_at, stored.body)


def _no_prompt(prompt_id: str, version: int | None = None, param: str | None = None) -> NotFoundError:
    name = f"Prompt with id '{prompt_id[:80]}'" + (f" and version '{version}'" if version is not None else "")
    return NotFoundError(f"{name} not found.", param=param, code="prompt_not_found")
