"""Uploads: from a form to a file in the database, of which no more than a chunk is ever in memory."""

import asyncio
from dataclasses import replace
from typing import Final

from fastapi import Request

from ossian.api.files.file import BATCH
from ossian.api.files.form import upload_fields
from ossian.errors import RequestTooLargeError, UnsupportedMediaTypeError
from ossian.server.files.multipart import UploadForm
from ossian.server.files.writer import FileWriter
from ossian.server.service import Service
from ossian.storage.file_records import StoredFile

SECONDS_PER_DAY: Final = 86_400
FORM_BYTES: Final = 64 * 1024  # what a form may have besides the file


async def upload(service: Service, request: Request) -> StoredFile:
    """Store the file of a form. Raises a RequestError for a form that cannot be read or a file that is too large."""
    scope = service.scope(request)
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        message = "A file is uploaded as it is: send the form without Content-Encoding."
        raise UnsupportedMediaTypeError(message, code="unsupported_media_type")
    form = UploadForm(request.headers.get("content-type", ""))
    store = service.database.files
    max_num_bytes = await _room(service, scope)
    announced = request.headers.get("content-length")
    if announced is not None and int(announced) > max_num_bytes + FORM_BYTES:
        raise _too_large(service, max_num_bytes)
    reserved = max_num_bytes if announced is None else min(max_num_bytes, int(announced))
    now = int(service.parts.now())
    file = StoredFile(service.parts.new_id("file-"), scope, now, reserved, "", "")
    writer = await FileWriter.begin(store, file)
    try:
        await _check_reserved(service, scope)
        num_bytes = 0
        async for piece in request.stream():
            num_bytes += len(piece)
            await writer.write(form.feed(piece))
            if writer.num_bytes > max_num_bytes or num_bytes > max_num_bytes + FORM_BYTES:
                raise _too_large(service, max_num_bytes)
        form.close()
        whole = _described(service, await writer.close(), form)
        await store.complete(whole)
    except BaseException:
        await asyncio.shield(writer.discard())
        raise
    return whole


async def _room(service: Service, scope: str) -> int:
    """Return how large a file may be. Raises RequestTooLargeError when the caller's files leave no room at all."""
    settings = service.parts.settings.files
    room = settings.max_project_bytes - await service.database.files.num_bytes(scope)
    if room <= 0:
        raise _too_large(service, room)
    return min(settings.max_file_bytes, room)


async def _check_reserved(service: Service, scope: str) -> None:
    """Raise RequestTooLargeError when another upload has taken the same room. Each reserves before it looks."""
    if await service.database.files.num_bytes(scope) > service.parts.settings.files.max_project_bytes:
        raise _too_large(service, 0)


def _too_large(service: Service, room: int) -> RequestTooLargeError:
    settings = service.parts.settings.files
    if room == settings.max_file_bytes:
        message = f"The file is larger than {room} bytes, which is the limit."
        return RequestTooLargeError(message, param="file", code="file_too_large")
    limit = settings.max_project_bytes
    message = f"With this one your files are larger than {limit} bytes together, which is the limit. Delete some first."
    return RequestTooLargeError(message, param="file", code="storage_limit_reached")


def _described(service: Service, file: StoredFile, form: UploadForm) -> StoredFile:
    fields = upload_fields(form.fields, ignore_unknown=service.ignores_unknown)
    assert form.filename is not None, "the form is closed"
    seconds = fields.seconds
    if seconds is None and fields.purpose == BATCH:
        seconds = int(service.parts.settings.batches.input_days * SECONDS_PER_DAY)
    expires_at = None if seconds is None else file.created_at + seconds
    return replace(file, purpose=fields.purpose, filename=form.filename, expires_at=expires_at)
