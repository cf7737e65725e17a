"""/v1/organization/projects/{id}/spend_limit: OpenAI's view of a project's budget."""

from fastapi import APIRouter, Request, Response

from ossian.accounts.budgets import Budget
from ossian.api.organization.spend_limits import (
    UpdateSpendLimitRequest,
    budget_of,
    deleted_body,
    spend_limit_body,
)
from ossian.errors import NotFoundError
from ossian.server.errors import JsonResponse
from ossian.server.openapi import request_body
from ossian.server.routes.organization.changes import changes
from ossian.server.routes.organization.projects import project_in
from ossian.server.service import Service, service_of

router = APIRouter(prefix="/v1/organization/projects/{project_id}/spend_limit")


@router.get("")
async def get_spend_limit(request: Request, project_id: str) -> Response:
    """Return a project's budget, and whether it is spent."""
    service = service_of(request)
    return await _spend_limit(service, project_id, await _budget(service, project_id))


@router.post("", openapi_extra=request_body(UpdateSpendLimitRequest))
async def update_spend_limit(request: Request, project_id: str) -> Response:
    """Give a project a budget."""
    service = service_of(request)
    given = budget_of(await service.read(request, UpdateSpendLimitRequest), service.parts.settings.catalog.currency)
    async with changes(request) as (administration, actor):
        project = await administration.update_project(actor, project_id, {"budget": given})
    assert project.budget is not None
    return await _spend_limit(service, project_id, project.budget)


@router.delete("")
async def delete_spend_limit(request: Request, project_id: str) -> Response:
    """Take a project's budget away."""
    await _budget(service_of(request), project_id)
    async with changes(request) as (administration, actor):
        await administration.update_project(actor, project_id, {"budget": None})
    return JsonResponse(deleted_body())


async def _budget(service: Service, project_id: str) -> Budget:
    """Return a project's budget. Raises NotFoundError."""
    stored = (await project_in(service, project_id)).budget
    if stored is None:
        message = f"The project '{project_id[:80]}' has no budget."
        raise NotFoundError(message, param="project_id", code="spend_limit_not_found")
    return Budget.from_json(stored)


async def _spend_limit(service: Service, project_id: str, budget: Budget) -> Response:
    since = budget.starts_at(service.parts.now())
    spent = await service.database.usage.spent("project", project_id, since)
    currency = service.parts.settings.catalog.currency
    return JsonResponse(spend_limit_body(budget.to_json(), currency, is_spent=spent >= budget.amount))
