"""/v2/billing and what is below it: what is left of the budget, and what was charged."""

from decimal import Decimal

from fastapi import APIRouter, Request, Response

from ossian.accounts.administration import DEFAULT_PROJECT
from ossian.accounts.budgets import Budget
from ossian.accounts.callers import missing_key
from ossian.accounts.projects import Project
from ossian.accounts.scopes import Endpoint
from ossian.accounts.stored import project_of
from ossian.api.aimlapi.queries import TRANSACTION_PARAMETERS, transaction_query
from ossian.api.aimlapi.reports import balance_body, balance_detail_body, legacy_balance_body, transaction_row
from ossian.errors import InvalidRequestError, PermissionDeniedError
from ossian.server.access import account_of
from ossian.server.errors import JsonResponse
from ossian.server.openapi import query_parameters
from ossian.server.routes.aimlapi.usage import reported
from ossian.server.service import service_of
from ossian.storage import StoredUsage

CHARGED = ("succeeded", "aborted")

router = APIRouter()


@router.get("/v2/billing")
async def balance(request: Request) -> Response:
    """Say what is left of the project's budget; null when it has none."""
    _, left = await _balance(request)
    return JsonResponse(balance_body(left, service_of(request).parts.settings.catalog.currency))


@router.get("/v2/billing/detail")
async def balance_detail(request: Request) -> Response:
    """Say the same, and whose it is."""
    project, left = await _balance(request)
    currency = service_of(request).parts.settings.catalog.currency
    return JsonResponse(balance_detail_body(left, currency, project.id if project else ""))


@router.get("/v1/billing/balance")
async def legacy_balance(request: Request) -> Response:
    """Say the same in credits, in the older form."""
    _, left = await _balance(request)
    return JsonResponse(legacy_balance_body(left, service_of(request).parts.now()))


@router.get(
    "/v2/billing/transactions", openapi_extra=query_parameters(TRANSACTION_PARAMETERS, lists=["direction", "type"])
)
async def transactions(request: Request) -> Response:
    """List what the caller's key was charged, the newest first. Nothing is ever paid in here."""
    service = service_of(request)
    query = transaction_query(request.query_params.multi_items(), service.parts.now())
    if account_of(request).admin_key:
        message = "The transactions are told to a project's keys. An admin key has /v1/organization/costs."
        raise PermissionDeniedError(message, code="project_key_required")
    whose = await reported(request, None)
    items: list[StoredUsage] = []
    has_more = False
    if query.wants_charges:
        page = await service.database.usage.page(
            query.start, query.end, whose.wanted(outcomes=CHARGED), query.cursor, query.limit, "desc"
        )
        if page is None:
            message = "Invalid value for 'cursor': it must be the 'next_cursor' of an earlier answer."
            raise InvalidRequestError(message, param="cursor", code="invalid_value")
        items, has_more = page.items, page.has_more
    pagination = {"next_cursor": items[-1].id if has_more else None, "has_more": has_more}
    return JsonResponse({"data": [transaction_row(each) for each in items], "pagination": pagination})


async def _balance(request: Request) -> tuple[Project | None, Decimal | None]:
    """Return the caller's project, with an admin key the one named "default", and the least that is left there.

    Of a key with a budget of its own, that counts too. None: no end to it.
    """
    service, caller = service_of(request), account_of(request)
    if caller.admin_key:
        stored = await service.database.projects.find_by_name(DEFAULT_PROJECT)
        project = project_of(stored) if stored else None
    else:
        caller.check_endpoint(Endpoint.USAGE)
        project = caller.project
        if project is None:
            raise missing_key("A balance belongs to a project.")
    budgets: list[tuple[Budget | None, Decimal]] = []
    now, spent = service.parts.now(), service.database.usage.spent
    if project and project.budget:
        budgets.append((project.budget, await spent("project", project.id, project.budget.starts_at(now))))
    if caller.key and caller.key.budget:
        budgets.append((caller.key.budget, await spent("key", caller.key.id, caller.key.budget.starts_at(now))))
    left = [max(Decimal(0), budget.amount - gone) for budget, gone in budgets if budget]
    return project, min(left, default=None)
