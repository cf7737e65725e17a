"""/v1/organization/projects/{id}/api_keys: the keys that programs send."""

from fastapi import APIRouter, Request, Response

from ossian.accounts.keys import ApiKey
from ossian.accounts.stored import key_of, stored_key
from ossian.api.fields import JsonObject
from ossian.api.organization.api_keys import CreateKeyRequest, UpdateKeyRequest, deleted_body, key_body
from ossian.api.organization.lists import PARAMETERS, list_query
from ossian.api.organization.settings_fields import given_fields
from ossian.api.responses.pages import list_body
from ossian.errors import NotFoundError
from ossian.server.errors import JsonResponse
from ossian.server.openapi import query_parameters, request_body
from ossian.server.routes.organization.changes import changes, shown_once
from ossian.server.routes.organization.projects import project_in
from ossian.server.service import Service, service_of
from ossian.storage.account_records import StoredProject

router = APIRouter(prefix="/v1/organization/projects/{project_id}/api_keys")


@router.post("", openapi_extra=request_body(CreateKeyRequest))
async def create_key(request: Request, project_id: str) -> Response:
    """Make a key. The answer's `value` is the key: it is shown now and never again."""
    service = service_of(request)
    given = given_fields(await service.read(request, CreateKeyRequest), service.parts.now())
    project = await project_in(service, project_id)
    async with changes(request) as (administration, actor):
        key, secret = await administration.create_key(actor, project_id, **given)
    return shown_once(_body(service, key, project), secret)


@router.get("", openapi_extra=query_parameters((*PARAMETERS, "include_revoked")))
async def list_keys(request: Request, project_id: str) -> Response:
    """List a project's keys in pages, the oldest first unless `order` is `desc`."""
    service = service_of(request)
    pairs = request.query_params.multi_items()
    query = list_query(pairs, "include_revoked", ignore_unknown=service.ignores_unknown)
    project = await project_in(service, project_id)
    page = await service.database.keys.page(project_id, query.after, query.limit, query.order, bool(query.includes))
    if page is None:
        raise no_key(query.after or "", param="after")
    bodies = [_body(service, key_of(key), project) for key in page.items]
    return JsonResponse(list_body(bodies, has_more=page.has_more))


@router.get("/{key_id}")
async def get_key(request: Request, project_id: str, key_id: str) -> Response:
    """Return a key, also one that is revoked."""
    service = service_of(request)
    project = await project_in(service, project_id)
    stored = await service.database.keys.get(project_id, key_id)
    if stored is None:
        raise no_key(key_id)
    return JsonResponse(_body(service, key_of(stored), project))


@router.post("/{key_id}", openapi_extra=request_body(UpdateKeyRequest))
async def update_key(request: Request, project_id: str, key_id: str) -> Response:
    """Change a key."""
    service = service_of(request)
    given = given_fields(await service.read(request, UpdateKeyRequest), service.parts.now())
    project = await project_in(service, project_id)
    async with changes(request) as (administration, actor):
        key = await administration.update_key(actor, project_id, key_id, given)
    return JsonResponse(_body(service, key, project))


@router.delete("/{key_id}")
async def revoke_key(request: Request, project_id: str, key_id: str) -> Response:
    """Revoke a key. That cannot be undone."""
    await project_in(service_of(request), project_id)
    async with changes(request) as (administration, actor):
        await administration.revoke_key(actor, project_id, key_id)
    return JsonResponse(deleted_body(key_id))


def no_key(key_id: str, param: str = "key_id") -> NotFoundError:
    """Return the refusal of an id that names no key."""
    return NotFoundError(f"There is no API key '{key_id[:80]}'.", param=param, code="key_not_found")


def _body(service: Service, key: ApiKey, project: StoredProject) -> JsonObject:
    return key_body(stored_key(key), project, key.state(service.parts.now()))
