"""/v1/organization/projects: whose keys, limits and usage are whose."""

from fastapi import APIRouter, Request, Response

from ossian.accounts.projects import Project
from ossian.accounts.stored import stored_project
from ossian.api.organization.lists import PARAMETERS, list_query
from ossian.api.organization.projects import CreateProjectRequest, UpdateProjectRequest, project_body
from ossian.api.organization.settings_fields import given_fields
from ossian.api.responses.pages import list_body
from ossian.errors import NotFoundError
from ossian.server.errors import JsonResponse
from ossian.server.openapi import query_parameters, request_body
from ossian.server.routes.organization.changes import changes
from ossian.server.service import Service, service_of
from ossian.storage.account_records import StoredProject

router = APIRouter(prefix="/v1/organization/projects")


@router.post("", openapi_extra=request_body(CreateProjectRequest))
async def create_project(request: Request) -> Response:
    """Make a project."""
    service = service_of(request)
    given = given_fields(await service.read(request, CreateProjectRequest), service.parts.now())
    async with changes(request) as (administration, actor):
        return _project(await administration.create_project(actor, **given))


@router.get("", openapi_extra=query_parameters((*PARAMETERS, "include_archived")))
async def list_projects(request: Request) -> Response:
    """List projects in pages, the oldest first unless `order` is `desc`."""
    service = service_of(request)
    pairs = request.query_params.multi_items()
    query = list_query(pairs, "include_archived", ignore_unknown=service.ignores_unknown)
    page = await service.database.projects.page(query.after, query.limit, query.order, bool(query.includes))
    if page is None:
        raise no_project(query.after or "", param="after")
    return JsonResponse(list_body([project_body(project) for project in page.items], has_more=page.has_more))


@router.get("/{project_id}")
async def get_project(request: Request, project_id: str) -> Response:
    """Return a project, also one that is archived."""
    return JsonResponse(project_body(await project_in(service_of(request), project_id)))


@router.post("/{project_id}", openapi_extra=request_body(UpdateProjectRequest))
async def update_project(request: Request, project_id: str) -> Response:
    """Change a project's name, limits or budget."""
    service = service_of(request)
    given = given_fields(await service.read(request, UpdateProjectRequest), service.parts.now())
    async with changes(request) as (administration, actor):
        return _project(await administration.update_project(actor, project_id, given))


@router.post("/{project_id}/archive")
async def archive_project(request: Request, project_id: str) -> Response:
    """Archive a project: its keys are refused from now on. That cannot be undone."""
    async with changes(request) as (administration, actor):
        return _project(await administration.archive_project(actor, project_id))


async def project_in(service: Service, project_id: str) -> StoredProject:
    """Return a project. Raises NotFoundError."""
    stored = await service.database.projects.get(project_id)
    if stored is None:
        raise no_project(project_id)
    return stored


def no_project(project_id: str, param: str = "project_id") -> NotFoundError:
    """Return the refusal of an id that names no project."""
    return NotFoundError(f"There is no project '{project_id[:80]}'.", param=param, code="project_not_found")


def _project(project: Project) -> Response:
    return JsonResponse(project_body(stored_project(project)))
