"""/v1/batches: make, get, list and cancel batches."""

from fastapi import APIRouter, Request, Response

from ossian.accounts.scopes import Endpoint
from ossian.api.batches.batch import CANCELLABLE, batch_body, moved, new_batch
from ossian.api.batches.schema import BatchRequest, window_seconds
from ossian.api.fields import JsonObject
from ossian.api.files.file import BATCH
from ossian.api.responses.pages import PARAMETERS, list_body, page_query
from ossian.errors import InvalidRequestError, NotFoundError, RequestTooLargeError, TooManyRequestsError
from ossian.harmony.events import Usage
from ossian.server.access import account_of
from ossian.server.batches.batch_runs import batches_of
from ossian.server.batches.callers import caller_body
from ossian.server.endpoints import area_of
from ossian.server.errors import JsonResponse
from ossian.server.openapi import query_parameters, request_body
from ossian.server.routes.files import no_file
from ossian.server.service import Service, service_of
from ossian.storage.file_records import StoredBatch

router = APIRouter(prefix="/v1/batches", tags=["Batches"])


@router.post("", openapi_extra=request_body(BatchRequest))
async def create_batch(request: Request) -> Response:
    """Have the requests in a file made within a time."""
    service = service_of(request)
    scope = service.scope(request)
    asked = await service.read(request, BatchRequest)
    endpoint = area_of(asked.endpoint)
    assert isinstance(endpoint, Endpoint)
    account_of(request).check_endpoint(endpoint)
    await _check_file(service, scope, asked)
    await _check_room(service, scope)
    batch = _new_batch(service, scope, asked, caller_body(account_of(request)))
    limit = service.parts.settings.batches.max_unfinished
    created = await service.database.batches.create(batch, limit, service.parts.now())
    if created == "no_file":
        raise no_file(asked.input_file_id, "input_file_id")
    if created == "too_many":
        message = f"You have {limit} batches that have not ended, which is the limit. Wait for one, or cancel one."
        raise TooManyRequestsError(message, code="rate_limit_exceeded")
    await batches_of(request).look()
    return JsonResponse(body_of(batch))


@router.get("", openapi_extra=query_parameters(PARAMETERS))
async def list_batches(request: Request) -> Response:
    """List batches in pages, the newest first unless `order` is `asc`."""
    service = service_of(request)
    query = page_query(request.query_params.multi_items())
    page = await service.database.batches.page(service.scope(request), query.after, query.limit, query.order)
    if page is None:
        raise _no_batch(query.after or "", param="after")
    return JsonResponse(list_body([body_of(batch) for batch in page.items], has_more=page.has_more))


@router.get("/{batch_id}")
async def get_batch(request: Request, batch_id: str) -> Response:
    """Return a batch as it is now."""
    service = service_of(request)
    batch = await service.database.batches.get(service.scope(request), batch_id)
    if batch is None:
        raise _no_batch(batch_id)
    return JsonResponse(body_of(batch))


@router.post("/{batch_id}/cancel")
async def cancel_batch(request: Request, batch_id: str) -> Response:
    """Stop a batch; what is done of it stays available. One that is cancelled already stays as it is."""
    service = service_of(request)
    now = service.parts.now()
    batch = await service.database.batches.request_cancel(
        service.scope(request), batch_id, CANCELLABLE, lambda body: moved(body, "cancelling", now)
    )
    if batch is None:
        raise _no_batch(batch_id)
    if batch.status not in ("cancelling", "cancelled"):
        message = f"The batch '{batch_id[:80]}' is {batch.status}, and cannot be cancelled any more."
        raise InvalidRequestError(message, param="batch_id", code="batch_not_cancellable")
    batches_of(request).cancel(batch_id)
    return JsonResponse(body_of(batch))


def body_of(batch: StoredBatch) -> JsonObject:
    """Return the object of a stored batch."""
    tally = batch.tally
    usage = Usage(
        num_prompt_tokens=tally.num_prompt_tokens,
        num_cached_tokens=tally.num_cached_tokens,
        num_completion_tokens=tally.num_completion_tokens,
        num_reasoning_tokens=tally.num_reasoning_tokens,
    )
    return batch_body(batch.body, batch.num_lines, tally.num_completed, tally.num_failed, usage)


async def _check_file(service: Service, scope: str, asked: BatchRequest) -> None:
    file = await service.database.files.get(scope, asked.input_file_id, service.parts.now())
    if file is None:
        raise no_file(asked.input_file_id, "input_file_id")
    if file.purpose != BATCH:
        message = f"The file '{file.id}' has the purpose '{file.purpose}'; upload it with the purpose '{BATCH}'."
        raise InvalidRequestError(message, param="input_file_id", code="invalid_file_purpose")


async def _check_room(service: Service, scope: str) -> None:
    limit = service.parts.settings.files.max_project_bytes
    if await service.database.files.num_bytes(scope) > limit:
        message = f"Your files are larger than {limit} bytes together, which is the limit. Delete some first."
        raise RequestTooLargeError(message, param="input_file_id", code="storage_limit_reached")


def _new_batch(service: Service, scope: str, asked: BatchRequest, caller: JsonObject) -> StoredBatch:
    batch_id, now = service.parts.new_id("batch_"), int(service.parts.now())
    window = asked.completion_window or f"{service.parts.settings.batches.default_hours}h"
    expires_at = now + window_seconds(window)
    body = new_batch(batch_id, asked, window, now, expires_at)
    return StoredBatch(batch_id, scope, now, expires_at, body["status"], asked.input_file_id, body, caller)


def _no_batch(batch_id: str, param: str = "batch_id") -> NotFoundError:
    return NotFoundError(f"No such Batch object: '{batch_id[:80]}'.", param=param, code="batch_not_found")
