"""File objects, and what a file can be for."""

from typing import Final

from ossian.api.fields import JsonObject

BATCH: Final = "batch"
BATCH_OUTPUT: Final = "batch_output"  # what the server writes; nobody uploads it
UPLOADED: Final = ("assistants", BATCH, "evals", "fine-tune", "user_data", "vision")
PURPOSES: Final = (*UPLOADED, BATCH_OUTPUT)


def file_body(
    file_id: str, num_bytes: int, created_at: int, filename: str, purpose: str, expires_at: int | None
) -> JsonObject:
    """Return the object of a file that is whole. `status` is deprecated, and required all the same."""
    return {
        "id": file_id,
        "object": "file",
        "bytes": num_bytes,
        "created_at": created_at,
        "expires_at": expires_at,
        "filename": filename,
        "purpose": purpose,
        "status": "processed",
        "status_details": None,
    }


def deleted_file_body(file_id: str) -> JsonObject:
    """Return what the deletion of a file is answered with."""
    return {"id": file_id, "object": "file", "deleted": True}
