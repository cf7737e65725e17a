"""/v1/organization/admin_api_keys: the keys of this API."""

from fastapi import APIRouter, Request, Response

from ossian.accounts.keys import AdminKey
from ossian.accounts.stored import admin_key_of, stored_admin_key
from ossian.api.fields import JsonObject
from ossian.api.organization.admin_api_keys import (
    CreateAdminKeyRequest,
    UpdateAdminKeyRequest,
    admin_key_body,
    deleted_body,
)
from ossian.api.organization.lists import PARAMETERS, list_query
from ossian.api.organization.settings_fields import given_fields
from ossian.api.responses.pages import list_body
from ossian.server.errors import JsonResponse
from ossian.server.openapi import query_parameters, request_body
from ossian.server.routes.organization.api_keys import no_key
from ossian.server.routes.organization.changes import changes, shown_once
from ossian.server.service import Service, service_of

router = APIRouter(prefix="/v1/organization/admin_api_keys")


@router.post("", openapi_extra=request_body(CreateAdminKeyRequest))
async def create_admin_key(request: Request) -> Response:
    """Make an admin key. The answer's `value` is the key: it is shown now and never again."""
    service = service_of(request)
    given = given_fields(await service.read(request, CreateAdminKeyRequest), service.parts.now())
    async with changes(request) as (administration, actor):
        key, secret = await administration.create_admin_key(actor, **given)
    return shown_once(_body(service, key), secret)


@router.get("", openapi_extra=query_parameters((*PARAMETERS, "include_revoked")))
async def list_admin_keys(request: Request) -> Response:
    """List admin keys in pages, the oldest first unless `order` is `desc`."""
    service = service_of(request)
    pairs = request.query_params.multi_items()
    query = list_query(pairs, "include_revoked", ignore_unknown=service.ignores_unknown)
    page = await service.database.keys.page_admin(query.after, query.limit, query.order, bool(query.includes))
    if page is None:
        raise no_key(query.after or "", param="after")
    bodies = [_body(service, admin_key_of(key)) for key in page.items]
    return JsonResponse(list_body(bodies, has_more=page.has_more))


@router.get("/{key_id}")
async def get_admin_key(request: Request, key_id: str) -> Response:
    """Return an admin key, also one that is revoked."""
    service = service_of(request)
    stored = await service.database.keys.get_admin(key_id)
    if stored is None:
        raise no_key(key_id)
    return JsonResponse(_body(service, admin_key_of(stored)))


@router.post("/{key_id}", openapi_extra=request_body(UpdateAdminKeyRequest))
async def update_admin_key(request: Request, key_id: str) -> Response:
    """Change an admin key."""
    service = service_of(request)
    given = given_fields(await service.read(request, UpdateAdminKeyRequest), service.parts.now())
    async with changes(request) as (administration, actor):
        key = await administration.update_admin_key(actor, key_id, given)
    return JsonResponse(_body(service, key))


@router.delete("/{key_id}")
async def revoke_admin_key(request: Request, key_id: str) -> Response:
    """Revoke an admin key, also the one that asks. That cannot be undone."""
    async with changes(request) as (administration, actor):
        await administration.revoke_admin_key(actor, key_id)
    return JsonResponse(deleted_body(key_id))


def _body(service: Service, key: AdminKey) -> JsonObject:
    return admin_key_body(stored_admin_key(key), key.state(service.parts.now()))
