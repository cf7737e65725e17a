"""/v1/organization/audit_logs: who changed what."""

from fastapi import APIRouter, Request, Response

from ossian.api.organization.audit_logs import PARAMETERS, audit_body, audit_query
from ossian.api.responses.pages import list_body
from ossian.errors import NotFoundError
from ossian.server.errors import JsonResponse
from ossian.server.openapi import query_parameters
from ossian.server.service import service_of

router = APIRouter(prefix="/v1/organization")


@router.get("/audit_logs", openapi_extra=query_parameters(PARAMETERS))
async def list_audit_logs(request: Request) -> Response:
    """List what was done to projects, keys and limits in pages, the newest first."""
    service = service_of(request)
    query = audit_query(request.query_params.multi_items(), ignore_unknown=service.ignores_unknown)
    page = await service.database.audit.page(query.wanted, query.after, query.limit)
    if page is None:
        message = f"The event '{(query.after or '')[:80]}' of 'after' not found."
        raise NotFoundError(message, param="after", code="audit_log_not_found")
    return JsonResponse(list_body([audit_body(entry) for entry in page.items], has_more=page.has_more))
