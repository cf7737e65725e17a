"""/v1/organization/projects/{id}/rate_limits: OpenAI's view of the limits of a project's models."""

from fastapi import APIRouter, Request, Response

from ossian.accounts.limits import Limits, profile_of
from ossian.accounts.projects import Project
from ossian.accounts.stored import project_of
from ossian.api.fields import JsonObject
from ossian.api.organization.lists import PARAMETERS, ListQuery, list_query
from ossian.api.organization.query import quoted
from ossian.api.organization.rate_limits import (
    FIELDS,
    UpdateRateLimitRequest,
    deleted_body,
    given_limits,
    model_of,
    no_rate_limit,
    rate_limit_body,
)
from ossian.api.responses.pages import list_body
from ossian.errors import InvalidRequestError
from ossian.server.errors import JsonResponse
from ossian.server.openapi import query_parameters, request_body
from ossian.server.routes.organization.changes import changes
from ossian.server.routes.organization.projects import project_in
from ossian.server.service import Service, service_of
from ossian.storage.records import Page

DEFAULT_LIMIT = 100  # of a page, as OpenAI has it

router = APIRouter(prefix="/v1/organization/projects/{project_id}/rate_limits")


@router.get("", openapi_extra=query_parameters(PARAMETERS))
async def list_rate_limits(request: Request, project_id: str) -> Response:
    """List the limits of a project's models in pages, by the models' ids, backwards if `order` is `desc`."""
    service = service_of(request)
    pairs = request.query_params.multi_items()
    query = list_query(pairs, default_limit=DEFAULT_LIMIT, ignore_unknown=service.ignores_unknown)
    project = project_of(await project_in(service, project_id))
    page = _page(sorted(_model_ids(service, project)), query)
    bodies = [_body(service, project, model_id) for model_id in page.items]
    return JsonResponse(list_body(bodies, has_more=page.has_more))


@router.post("/{rate_limit_id:path}", openapi_extra=request_body(UpdateRateLimitRequest))
async def update_rate_limit(request: Request, project_id: str, rate_limit_id: str) -> Response:
    """Change the limits of one model in a project."""
    service = service_of(request)
    given = given_limits(await service.read(request, UpdateRateLimitRequest))
    if not given:
        message = f"Nothing to change: give any of {quoted(FIELDS)}."
        raise InvalidRequestError(message, param=next(iter(FIELDS)), code="missing_required_parameter")
    model_id = await _model(service, project_id, rate_limit_id)
    async with changes(request) as (administration, actor):
        profile = _profile(service)
        project = await administration.change_model_limits(actor, project_id, model_id, given, profile)
    return JsonResponse(_body(service, project, model_id))


@router.delete("/{rate_limit_id:path}")
async def delete_rate_limit(request: Request, project_id: str, rate_limit_id: str) -> Response:
    """Give a model the limits of its project again."""
    service = service_of(request)
    model_id = await _model(service, project_id, rate_limit_id)
    async with changes(request) as (administration, actor):
        await administration.change_model_limits(actor, project_id, model_id, None, _profile(service))
    return JsonResponse(deleted_body(rate_limit_id))


async def _model(service: Service, project_id: str, rate_limit_id: str) -> str:
    """Return the model whose limits an id names. Raises NotFoundError when the project has no such model."""
    project = project_of(await project_in(service, project_id))
    model_id = model_of(rate_limit_id)
    if model_id not in _model_ids(service, project):
        raise no_rate_limit(rate_limit_id)
    return model_id


def _model_ids(service: Service, project: Project) -> set[str]:
    return {entry.id for entry in service.parts.catalog.entries} | set(project.model_limits)


def _page(model_ids: list[str], query: ListQuery) -> Page[str]:
    ordered = model_ids if query.order == "asc" else model_ids[::-1]
    if query.after is not None:
        model_id = model_of(query.after)
        if model_id not in ordered:
            raise no_rate_limit(query.after, param="after")
        ordered = ordered[ordered.index(model_id) + 1 :]
    return Page(ordered[: query.limit], len(ordered) > query.limit)


def _profile(service: Service) -> Limits:
    """Return the limits of projects that have none of their own."""
    return profile_of(service.parts.settings.limits).project


def _body(service: Service, project: Project, model_id: str) -> JsonObject:
    return rate_limit_body(model_id, project.limits_for(model_id, _profile(service)).to_json())
