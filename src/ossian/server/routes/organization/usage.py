"""/v1/organization/usage and /v1/organization/costs: what was used, and what it cost."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from math import ceil
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from ossian.api.fields import JsonObject
from ossian.api.organization.requests import (
    LIST_PARAMETERS,
    PARAMETERS,
    RequestsQuery,
    csv_head,
    csv_lines,
    export_query,
    request_body,
    requests_query,
)
from ossian.api.organization.usage import (
    COSTS,
    REQUIRED,
    USAGE,
    Report,
    completions_result,
    costs_result,
    page_body,
    usage_query,
)
from ossian.api.responses.pages import list_body
from ossian.errors import NotFoundError
from ossian.server.errors import JsonResponse
from ossian.server.openapi import query_parameters
from ossian.server.routes.organization.buckets import Buckets
from ossian.server.service import Service, service_of
from ossian.storage.account_records import StoredUsage, UsageTotal
from ossian.storage.records import Page

NUM_EXPORTED: Final = 1000  # lines that are read and sent at a time

router = APIRouter(prefix="/v1/organization")


@router.get(
    "/usage/completions", openapi_extra=query_parameters(USAGE.parameters, required=REQUIRED, lists=["group_by"])
)
async def completions_usage(request: Request) -> Response:
    """Report the requests and tokens of a time, in buckets, also by project, key, endpoint or model."""
    return await _report(request, USAGE, completions_result)


@router.get("/costs", openapi_extra=query_parameters(COSTS.parameters, required=REQUIRED, lists=["group_by"]))
async def costs(request: Request) -> Response:
    """Report what the requests of a time cost, in buckets, also by project, key, endpoint or model."""
    currency = service_of(request).parts.settings.catalog.currency
    return await _report(request, COSTS, partial(costs_result, currency=currency))


@router.get("/usage/requests", openapi_extra=query_parameters(LIST_PARAMETERS, required=REQUIRED))
async def list_requests(request: Request) -> Response:
    """List the requests behind the reports in pages, the oldest first unless `order` is `desc`."""
    service = service_of(request)
    query = requests_query(request.query_params.multi_items(), ignore_unknown=service.ignores_unknown)
    page = await _page(service, query, query.after)
    if page is None:
        message = f"The request '{(query.after or '')[:80]}' of 'after' not found."
        raise NotFoundError(message, param="after", code="request_not_found")
    return JsonResponse(list_body([request_body(usage) for usage in page.items], has_more=page.has_more))


@router.get("/usage/requests.csv", openapi_extra=query_parameters(PARAMETERS, required=REQUIRED))
async def export_requests(request: Request) -> Response:
    """Send the requests behind the reports as a CSV file, the oldest first."""
    service = service_of(request)
    asked = export_query(request.query_params.multi_items(), ignore_unknown=service.ignores_unknown)
    query = replace(asked, ends_at=asked.ends_at or ceil(service.parts.now()), limit=NUM_EXPORTED)
    first = await _page(service, query, None)  # what goes wrong here still gets an error's status
    headers = {"content-disposition": f'attachment; filename="requests-{query.starts_at}-{query.ends_at}.csv"'}
    return StreamingResponse(_lines(service, query, first), headers=headers, media_type="text/csv; charset=utf-8")


async def _report(request: Request, report: Report, result: Callable[[UsageTotal], JsonObject]) -> Response:
    service = service_of(request)
    query = usage_query(report, request.query_params.multi_items(), ignore_unknown=service.ignores_unknown)
    buckets = Buckets.of(query, service.parts.now())
    if not buckets.spans:
        return JsonResponse(page_body([], None))
    (start, _), (_, end) = buckets.spans[0], buckets.spans[-1]
    totals = await service.database.usage.totals(start, end, query.period, query.groups, query.wanted)
    return JsonResponse(page_body(buckets.bodies(totals, result), buckets.next_start))


async def _page(service: Service, query: RequestsQuery, after: str | None) -> Page[StoredUsage] | None:
    ends_at = ceil(service.parts.now()) if query.ends_at is None else query.ends_at
    usage = service.database.usage
    return await usage.page(query.starts_at, ends_at, query.wanted, after, query.limit, query.order)


async def _lines(service: Service, query: RequestsQuery, page: Page[StoredUsage] | None) -> AsyncIterator[str]:
    yield csv_head()
    while page:
        yield csv_lines(page.items)
        page = await _next(service, query, page)


async def _next(service: Service, query: RequestsQuery, page: Page[StoredUsage]) -> Page[StoredUsage] | None:
    """Return the page after one, the oldest first. Where its last record is erased by now, so are all before it."""
    if not page.has_more:
        return None
    return await _page(service, query, page.items[-1].id) or await _page(service, query, None)
