"""/v1/files: upload, list, get, download and delete files."""

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from ossian.api.fields import JsonObject
from ossian.api.files.file import deleted_file_body, file_body
from ossian.api.files.query import file_query
from ossian.api.responses.pages import PARAMETERS, list_body
from ossian.errors import InvalidRequestError, NotFoundError
from ossian.server.errors import JsonResponse
from ossian.server.files.upload import upload
from ossian.server.openapi import form_body, query_parameters
from ossian.server.service import Service, service_of
from ossian.storage.file_records import StoredFile
from ossian.storage.file_rows import FileInUseError

PATH: Final = "/v1/files"

router = APIRouter(prefix=PATH, tags=["Files"])


@router.post("", openapi_extra=form_body("file", "purpose", "expires_after[anchor]", "expires_after[seconds]"))
async def create_file(request: Request) -> Response:
    """Upload a file, as a form with the parts `file` and `purpose`."""
    return JsonResponse(body_of(await upload(service_of(request), request)))


@router.get("", openapi_extra=query_parameters((*PARAMETERS, "purpose")))
async def list_files(request: Request) -> Response:
    """List files in pages, the newest first unless `order` is `asc`; those of one `purpose`, or all."""
    service = service_of(request)
    query = file_query(request.query_params.multi_items())
    scope, page = service.scope(request), query.page
    found = await service.database.files.page(
        scope, service.parts.now(), query.purpose, page.after, page.limit, page.order
    )
    if found is None:
        raise no_file(page.after or "", param="after")
    return JsonResponse(list_body([body_of(file) for file in found.items], has_more=found.has_more))


@router.get("/{file_id}")
async def get_file(request: Request, file_id: str) -> Response:
    """Return what is known of a file."""
    return JsonResponse(body_of(await _file(service_of(request), request, file_id)))


@router.get("/{file_id}/content")
async def get_file_content(request: Request, file_id: str) -> Response:
    """Return the content of a file. It is never shown as a page: what is in it is not this server's."""
    service = service_of(request)
    file = await _file(service, request, file_id)
    headers = {"content-length": str(file.num_bytes), "content-disposition": "attachment"}
    return StreamingResponse(
        service.database.files.chunks(file.id), media_type="application/octet-stream", headers=headers
    )


@router.delete("/{file_id}")
async def delete_file(request: Request, file_id: str) -> Response:
    """Delete a file."""
    service = service_of(request)
    try:
        is_deleted = await service.database.files.delete(service.scope(request), file_id, service.parts.now())
    except FileInUseError as error:
        message = f"The batch '{error.batch_id}' still needs the file '{file_id[:80]}'. Cancel the batch first."
        raise InvalidRequestError(message, param="file_id", code="file_in_use") from None
    if not is_deleted:
        raise no_file(file_id)
    return JsonResponse(deleted_file_body(file_id))


def body_of(file: StoredFile) -> JsonObject:
    """Return the object of a stored file."""
    return file_body(file.id, file.num_bytes, file.created_at, file.filename, file.purpose, file.expires_at)


def no_file(file_id: str, param: str = "file_id") -> NotFoundError:
    """Return what is said of a file that is not there."""
    return NotFoundError(f"No such File object: '{file_id[:80]}'.", param=param, code="file_not_found")


async def _file(service: Service, request: Request, file_id: str) -> StoredFile:
    file = await service.database.files.get(service.scope(request), file_id, service.parts.now())
    if file is None:
        raise no_file(file_id)
    return file
