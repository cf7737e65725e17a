from openai.types import FileDeleted, FileObject

from ossian.api.files.file import deleted_file_body, file_body


def test_a_file() -> None:
    body = file_body("file-1", 5, 1000, "lines.jsonl", "batch", 2000)
    assert body == {
        "id": "file-1",
        "object": "file",
        "bytes": 5,
        "created_at": 1000,
        "expires_at": 2000,
        "filename": "lines.jsonl",
        "purpose": "batch",
        "status": "processed",
        "status_details": None,
    }
    assert FileObject.model_validate(body, strict=True).expires_at == 2000


def test_a_file_that_stays() -> None:
    assert FileObject.model_validate(file_body("f", 0, 1, "", "user_data", None), strict=True).expires_at is None


def test_a_deleted_file() -> None:
    assert FileDeleted.model_validate(deleted_file_body("file-1"), strict=True).deleted
