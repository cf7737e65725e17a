"""/v1/keys and /v1/key: the keys of the project "default", for who has a management key, which is our admin key."""

from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Request, Response

from ossian.accounts.administration import DEFAULT_PROJECT
from ossian.accounts.periods import Period, start_of
from ossian.accounts.stored import stored_key
from ossian.api.aimlapi.keys import KeyChangeRequest, KeyRequest, budget_of, key_body, scopes_of
from ossian.api.fields import JsonObject
from ossian.errors import NotFoundError
from ossian.server.errors import JsonResponse
from ossian.server.openapi import request_body
from ossian.server.routes.organization.changes import changes
from ossian.server.service import Service, service_of
from ossian.storage import StoredKey

UNNAMED = "key"
_PAGE = 100

router = APIRouter()


@router.post("/v1/keys", openapi_extra=request_body(KeyRequest))
async def create(request: Request) -> Response:
    """Make a key; the answer is the only one with its secret."""
    body = await service_of(request).read(request, KeyRequest)
    given = {"scopes": scopes_of(body.scopes), "budget": budget_of(body.limit)}
    async with changes(request) as (administration, actor):
        project = await administration.default_project(actor)
        key, secret = await administration.create_key(actor, project.id, body.name or UNNAMED, **given)
    return JsonResponse(
        {"data": key_body(stored_key(key), Decimal(0), secret)},
        headers={"cache-control": "no-store"},  # nothing on the way may keep the secret
    )


@router.get("/v1/keys")
async def list_keys(request: Request) -> Response:
    """List the keys, the oldest first."""
    service = service_of(request)
    return JsonResponse({"data": [await _shown(service, key) for key in await _keys(service)]})


@router.get("/v1/key")
async def last_used(request: Request) -> Response:
    """Return the key that was used last."""
    service = service_of(request)
    used = [key for key in await _keys(service) if key.last_used_at is not None]
    if not used:
        raise NotFoundError("No API key was used yet.", code="key_not_found")
    return JsonResponse({"data": await _shown(service, max(used, key=lambda key: key.last_used_at or 0))})


@router.get("/v1/keys/{prefix}")
async def retrieve(request: Request, prefix: str) -> Response:
    """Return a key by its prefix."""
    service = service_of(request)
    return JsonResponse({"data": await _shown(service, await key_with(service, prefix))})


@router.patch("/v1/keys/{prefix}", openapi_extra=request_body(KeyChangeRequest))
async def change(request: Request, prefix: str) -> Response:
    """Change a key; what is left out stays as it is."""
    return await _changed(request, prefix, is_whole=False)


@router.put("/v1/keys/{prefix}", openapi_extra=request_body(KeyChangeRequest))
async def replace(request: Request, prefix: str) -> Response:
    """Change a key; what is left out gets its default again."""
    return await _changed(request, prefix, is_whole=True)


@router.delete("/v1/keys/{prefix}")
async def delete(request: Request, prefix: str) -> Response:
    """Revoke a key, for good."""
    key = await key_with(service_of(request), prefix)
    async with changes(request) as (administration, actor):
        await administration.revoke_key(actor, key.project_id, key.id)
    return JsonResponse({"data": {"prefix": key.prefix, "deleted": True}})


async def key_with(service: Service, prefix: str) -> StoredKey:
    """Return the key with a prefix. Raises NotFoundError."""
    key = await service.database.keys.find_by_prefix(prefix)
    if key is None:
        raise NotFoundError(f"There is no API key '{prefix[:80]}'.", param="prefix", code="key_not_found")
    return key


async def _changed(request: Request, prefix: str, *, is_whole: bool) -> Response:
    service = service_of(request)
    body = await service.read(request, KeyChangeRequest)
    key = await key_with(service, prefix)
    async with changes(request) as (administration, actor):
        given = _given(body, is_whole=is_whole)
        changed = await administration.update_key(actor, key.project_id, key.id, given)
    return JsonResponse({"data": await _shown(service, stored_key(changed))})


def _given(body: KeyChangeRequest, *, is_whole: bool) -> dict[str, Any]:
    """The fields of a key that a request gives; a name is never taken away."""
    names = set(KeyChangeRequest.model_fields) if is_whole else body.model_fields_set
    given: dict[str, Any] = {}
    if "scopes" in names:
        given["scopes"] = scopes_of(body.scopes)
    if "limit" in names:
        given["budget"] = budget_of(body.limit)
    if "disabled" in names:
        given["is_enabled"] = not body.disabled
    return given if body.name is None else given | {"name": body.name}


async def _keys(service: Service) -> list[StoredKey]:
    project = await service.database.projects.find_by_name(DEFAULT_PROJECT)
    if project is None:
        return []
    page = await service.database.keys.page(project.id, limit=_PAGE)
    found: list[StoredKey] = []
    while page is not None:
        found += page.items
        page = await service.database.keys.page(project.id, found[-1].id, _PAGE) if page.has_more else None
    return found


async def _shown(service: Service, key: StoredKey) -> JsonObject:
    since = start_of(Period.MONTH, service.parts.now())
    return key_body(key, await service.database.usage.spent("key", key.id, since))
