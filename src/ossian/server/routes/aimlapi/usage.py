"""/v2/usage, /v2/usage/detail and /v2/logs: what a key used, for who has it, and every key for who has an admin key."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from ossian.accounts.callers import missing_key
from ossian.accounts.scopes import Endpoint
from ossian.api.aimlapi.queries import (
    DETAIL_PARAMETERS,
    LOG_PARAMETERS,
    WINDOW_PARAMETERS,
    detail_query,
    log_query,
    usage_query,
)
from ossian.api.aimlapi.reports import detail_body, log_row, usage_body
from ossian.errors import PermissionDeniedError
from ossian.server.access import account_of
from ossian.server.errors import JsonResponse
from ossian.server.openapi import query_parameters
from ossian.server.routes.aimlapi.keys import key_with
from ossian.server.service import service_of
from ossian.storage import UsageFilter

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Reported:
    """Whose requests a caller may be told of. `prefix` is that of the key, None when it is not one alone."""

    prefix: str | None
    project_ids: tuple[str, ...] | None = None
    key_ids: tuple[str, ...] | None = None

    def wanted(self, models: tuple[str, ...] = (), outcomes: tuple[str, ...] | None = None) -> UsageFilter:
        """Return which of the requests are meant."""
        return UsageFilter(self.project_ids, self.key_ids, models or None, None, outcomes)


async def reported(request: Request, prefix: str | None) -> Reported:
    """Return whose requests are told of: those of the caller's own key, or with an admin key any, or all.

    Raises AuthenticationError and PermissionDeniedError for who may not see them, NotFoundError for an unknown prefix.
    """
    caller = account_of(request)
    if caller.admin_key:
        key = None if prefix is None else await key_with(service_of(request), prefix)
        return Reported(prefix, key_ids=(key.id,)) if key else Reported(None)
    caller.check_endpoint(Endpoint.USAGE)
    if caller.project is None:
        raise missing_key("Usage is told by key.")
    own = caller.key.prefix if caller.key else None
    if prefix not in (None, own):
        message = "This API key may only see its own usage. Leave 'key_prefix' out, or use an admin key."
        raise PermissionDeniedError(message, param="key_prefix", code="admin_key_required")
    if caller.key:
        projects = (caller.project.id,)  # usage is indexed by project, not by key
        return Reported(own, project_ids=projects, key_ids=(caller.key.id,))
    return Reported(None, project_ids=(caller.project.id,))


@router.get("/v2/usage", openapi_extra=query_parameters(WINDOW_PARAMETERS))
async def usage(request: Request) -> Response:
    """Say what a key used and cost."""
    service = service_of(request)
    window = usage_query(request.query_params.multi_items(), service.parts.now())
    whose = await reported(request, window.key_prefix)
    totals = await service.database.usage.totals(window.start, window.end, wanted=whose.wanted())
    currency = service.parts.settings.catalog.currency
    return JsonResponse(usage_body(window, whose.prefix, totals[0] if totals else None, currency))


@router.get("/v2/usage/detail", openapi_extra=query_parameters(DETAIL_PARAMETERS))
async def detail(request: Request) -> Response:
    """Say the same by day and model."""
    service = service_of(request)
    query = detail_query(request.query_params.multi_items(), service.parts.now())
    window = query.window
    whose = await reported(request, window.key_prefix)
    store, wanted = service.database.usage, whose.wanted()
    whole = await store.totals(window.start, window.end, wanted=wanted)
    parts = await store.totals(window.start, window.end, query.width if query.by_day else None, ("model",), wanted)
    currency = service.parts.settings.catalog.currency
    body = usage_body(window, whose.prefix, whole[0] if whole else None, currency)
    return JsonResponse(body | detail_body(query, parts))


@router.get("/v2/logs", openapi_extra=query_parameters(LOG_PARAMETERS, lists=["model"]))
async def logs(request: Request) -> Response:
    """List the requests, the newest first."""
    service = service_of(request)
    query = log_query(request.query_params.multi_items(), service.parts.now())
    whose = await reported(request, query.window.key_prefix)
    wanted = whose.wanted(query.models, query.outcomes)
    page = await service.database.usage.page(
        query.window.start, query.window.end, wanted, limit=query.offset + query.limit, order="desc"
    )
    assert page is not None, "there is no record that it would have to follow"
    return JsonResponse({"data": [log_row(each) for each in page.items[query.offset :]]})
