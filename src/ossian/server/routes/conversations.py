"""/v1/conversations: named lists of items that grow with every response that belongs to them."""

import asyncio
from collections.abc import Callable, Collection

from fastapi import APIRouter, Request, Response

from ossian.api.fields import JsonObject
from ossian.api.responses.conversations import (
    CreateConversationRequest,
    CreateItemsRequest,
    UpdateConversationRequest,
    conversation_body,
    deleted_body,
)
from ossian.api.responses.dialects import translated_item
from ossian.api.responses.items import distinct_bodies, parse_items
from ossian.api.responses.pages import PARAMETERS, included, list_body, page_query, shown
from ossian.errors import NotFoundError
from ossian.server.errors import JsonResponse
from ossian.server.openapi import query_parameters, request_body
from ossian.server.responses.caller import dialect_of
from ossian.server.responses.state import check_room, with_references
from ossian.server.service import Service, service_of
from ossian.storage.records import StoredConversation

router = APIRouter(prefix="/v1/conversations", tags=["Conversations"])


@router.post("", openapi_extra=request_body(CreateConversationRequest))
async def create_conversation(request: Request) -> Response:
    """Make a conversation, with its first items if there are some."""
    service = service_of(request)
    body = await service.read(request, CreateConversationRequest)
    scope = service.scope(request)
    items = await _new_items(service, scope, body.items or [])
    new = StoredConversation(service.parts.new_id("conv_"), scope, int(service.parts.now()), body.metadata or {})
    await service.database.conversations.create(new, items)
    return _conversation(new)


@router.get("/{conversation_id}")
async def get_conversation(request: Request, conversation_id: str) -> Response:
    """Return a conversation, without its items."""
    service = service_of(request)
    return _conversation(await _stored(service, service.scope(request), conversation_id))


@router.post("/{conversation_id}", openapi_extra=request_body(UpdateConversationRequest))
async def update_conversation(request: Request, conversation_id: str) -> Response:
    """Replace a conversation's metadata."""
    service = service_of(request)
    body = await service.read(request, UpdateConversationRequest)
    updated = await service.database.conversations.update(service.scope(request), conversation_id, body.metadata or {})
    if updated is None:
        raise _no_conversation(conversation_id)
    return _conversation(updated)


@router.delete("/{conversation_id}")
async def delete_conversation(request: Request, conversation_id: str) -> Response:
    """Delete a conversation. Responses that belong to it keep their items."""
    service = service_of(request)
    if not await service.database.conversations.delete(service.scope(request), conversation_id):
        raise _no_conversation(conversation_id)
    return JsonResponse(deleted_body(conversation_id))


@router.post("/{conversation_id}/items", openapi_extra=request_body(CreateItemsRequest) | query_parameters(["include"]))
async def create_items(request: Request, conversation_id: str) -> Response:
    """Add items to the end of a conversation, and list them."""
    service = service_of(request)
    shown_to = _shown_to(service, request, included(request.query_params.multi_items()))
    body = await service.read(request, CreateItemsRequest)
    scope = service.scope(request)
    items = await _new_items(service, scope, body.items)
    await check_room(service.database, scope, conversation_id, items, param="items")
    if not await service.database.conversations.append(scope, conversation_id, items):
        raise _no_conversation(conversation_id)
    return JsonResponse(list_body(list(map(shown_to, items)), has_more=False))


@router.get("/{conversation_id}/items", openapi_extra=query_parameters((*PARAMETERS, "include")))
async def list_items(request: Request, conversation_id: str) -> Response:
    """List a conversation's items in pages, the newest first unless `order` is `asc`."""
    service = service_of(request)
    query = page_query(request.query_params.multi_items())
    shown_to = _shown_to(service, request, query.include)
    scope = service.scope(request)
    page = await service.database.conversations.page(scope, conversation_id, query.after, query.limit, query.order)
    if page is None:
        await _stored(service, scope, conversation_id)
        raise _no_item(query.after or "", param="after")
    return JsonResponse(list_body(list(map(shown_to, page.items)), has_more=page.has_more))


@router.get("/{conversation_id}/items/{item_id}", openapi_extra=query_parameters(["include"]))
async def get_item(request: Request, conversation_id: str, item_id: str) -> Response:
    """Return one item of a conversation."""
    service = service_of(request)
    shown_to = _shown_to(service, request, included(request.query_params.multi_items()))
    scope = service.scope(request)
    item = await service.database.conversations.item(scope, conversation_id, item_id)
    if item is None:
        await _stored(service, scope, conversation_id)
        raise _no_item(item_id)
    return JsonResponse(shown_to(item))


@router.delete("/{conversation_id}/items/{item_id}")
async def delete_item(request: Request, conversation_id: str, item_id: str) -> Response:
    """Take an item out of a conversation, and return the conversation."""
    service = service_of(request)
    scope = service.scope(request)
    conversation = await _stored(service, scope, conversation_id)
    if not await service.database.conversations.delete_item(scope, conversation_id, item_id):
        raise _no_item(item_id)
    return _conversation(conversation)


async def _new_items(service: Service, scope: str, bodies: list[JsonObject]) -> list[JsonObject]:
    """Return items as they are stored. Raises a RequestError for what is no item, and for references to nothing."""
    parsed = await asyncio.to_thread(parse_items, bodies, "items")
    items = await with_references(service.database, scope, parsed, "items")
    return await asyncio.to_thread(distinct_bodies, items, (), service.parts.new_id)


def _shown_to(service: Service, request: Request, include: Collection[str]) -> Callable[[JsonObject], JsonObject]:
    """Return how the caller sees an item. Raises InvalidRequestError for a dialect that there is not."""
    conceal, _ = service.secrecy.of(service.scope(request))
    dialect = dialect_of(request, service.parts.settings.responses)
    return lambda item: translated_item(shown(item, include, conceal), dialect)


async def _stored(service: Service, scope: str, conversation_id: str) -> StoredConversation:
    conversation = await service.database.conversations.get(scope, conversation_id)
    if conversation is None:
        raise _no_conversation(conversation_id)
    return conversation


def _conversation(stored: StoredConversation) -> Response:
    return JsonResponse(conversation_body(stored.id, stored.created_at, stored.metadata))


def _no_conversation(conversation_id: str) -> NotFoundError:
    return NotFoundError(f"Conversation with id '{conversation_id[:80]}' not found.", code="conversation_not_found")


def _no_item(item_id: str, param: str | None = None) -> NotFoundError:
    return NotFoundError(f"Item with id '{item_id[:80]}' not found.", param=param, code="item_not_found")
