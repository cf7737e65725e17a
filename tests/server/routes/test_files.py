"""Files over HTTP, by the openai SDK and by hand."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import openai
import pytest
from openai import OpenAI

from tests.api.shapes import faults
from tests.server.keys import make_key, make_project
from tests.server.serving import NOW, Served, scripted, serving

KEYS = ("first-key", "second-key")
SECONDS = "expires_after[seconds]"
BOUNDARY = "limit-of-parts"
HEADERS = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}


@pytest.fixture(scope="module")
def locked() -> Iterator[Served]:
    with serving(scripted(), api_keys=KEYS, sections={"files": {"max_file_bytes": 3_000_000}}) as served:
        yield served


@pytest.fixture
def client(locked: Served) -> OpenAI:
    return locked.client.with_options(api_key=KEYS[0])


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    named = "" if filename is None else f'; filename="{filename}"'
    head = f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


FILE, PURPOSE = part("file", b"{}\n", "lines.jsonl"), part("purpose", b"batch")


def post(server: Served, body: bytes | Iterator[bytes], headers: dict[str, str] | None = None) -> httpx2.Response:
    authorization = {"authorization": f"Bearer {KEYS[0]}"}
    return server.post("/v1/files", content=body, headers=HEADERS | authorization | (headers or {}))


def error_of(response: httpx2.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert faults(response.json(), "ErrorResponse") == []
    error: dict[str, Any] = response.json()["error"]
    return error


def test_a_file_comes_back_as_it_was_sent(client: OpenAI) -> None:
    content = bytes(range(256)) * 10_000  # more than two chunks
    file = client.files.create(file=("some\u2028näme.bin", content), purpose="user_data")
    assert (file.bytes, file.filename, file.purpose, file.created_at) == (
        len(content),
        "some\u2028näme.bin",
        "user_data",
        NOW,
    )
    assert (file.status, file.expires_at) == ("processed", None)
    assert client.files.retrieve(file.id) == file
    assert client.files.content(file.id).read() == content


def test_an_empty_file_is_a_file(client: OpenAI) -> None:
    file = client.files.create(file=("empty", b""), purpose="vision")
    assert file.bytes == 0
    assert client.files.content(file.id).read() == b""


def test_when_a_file_expires(client: OpenAI) -> None:
    content = ("lines.jsonl", b"{}")
    assert client.files.create(file=content, purpose="batch").expires_at == NOW + 30 * 86_400
    asked = client.files.create(file=content, purpose="batch", expires_after={"anchor": "created_at", "seconds": 3600})
    assert asked.expires_at == NOW + 3600


def test_the_parts_may_come_in_any_order_and_in_small_pieces(locked: Served) -> None:
    for body in (form(FILE, PURPOSE), form(PURPOSE, FILE)):
        pieces = (body[index : index + 1] for index in range(len(body)))
        answer = post(locked, pieces)
        assert answer.status_code == 200, answer.text
        assert (answer.json()["bytes"], answer.json()["filename"]) == (3, "lines.jsonl")


def test_a_download_is_never_shown_as_a_page(client: OpenAI) -> None:
    file = client.files.create(file=("page.html", b"<script>alert(1)</script>"), purpose="user_data")
    headers = client.files.content(file.id).response.headers
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"] == "attachment"
    assert headers["x-content-type-options"] == "nosniff"


def test_files_are_listed_newest_first_and_by_purpose() -> None:
    with serving(scripted()) as server:
        client = server.client
        ids = [client.files.create(file=("f", b"x"), purpose=each).id for each in ("batch", "vision", "batch")]
        assert [file.id for file in client.files.list()] == ids[::-1]
        assert [file.id for file in client.files.list(order="asc")] == ids
        assert [file.id for file in client.files.list(limit=1)] == ids[::-1]  # the SDK asks for page after page
        assert [file.id for file in client.files.list(purpose="batch")] == [ids[2], ids[0]]
        page = server.get("/v1/files?limit=2").json()
        assert {name: page[name] for name in ("object", "first_id", "last_id", "has_more")} == {
            "object": "list",
            "first_id": ids[2],
            "last_id": ids[1],
            "has_more": True,
        }
        assert error_of(server.get("/v1/files?after=file-0"), 404)["param"] == "after"
        assert error_of(server.get("/v1/files?limit=10001"), 400)["param"] == "limit"


def test_a_deleted_file_is_gone(client: OpenAI) -> None:
    file = client.files.create(file=("f", b"x"), purpose="user_data")
    assert client.files.delete(file.id).deleted
    for ask in (client.files.retrieve, client.files.content, client.files.delete):
        with pytest.raises(openai.NotFoundError) as caught:
            ask(file.id)
        assert caught.value.code == "file_not_found"
    assert file.id not in [each.id for each in client.files.list()]


def test_nobody_sees_anothers_files(locked: Served, client: OpenAI) -> None:
    file = client.files.create(file=("f", b"x"), purpose="user_data")
    other = locked.client.with_options(api_key=KEYS[1])
    for ask in (other.files.retrieve, other.files.content, other.files.delete):
        with pytest.raises(openai.NotFoundError):
            ask(file.id)
    assert file.id not in [each.id for each in other.files.list()]
    assert client.files.retrieve(file.id) == file


def test_the_keys_of_a_project_share_its_files(locked: Served) -> None:
    project = make_project(locked)
    first, second = (locked.client.with_options(api_key=make_key(locked, project).secret) for _ in range(2))
    file = first.files.create(file=("f", b"x"), purpose="user_data")
    assert second.files.retrieve(file.id) == file


def test_a_key_may_be_kept_from_files(locked: Served) -> None:
    scopes = {"endpoints": ["chat.completions"], "models": None}
    key = make_key(locked, make_project(locked), scopes=scopes)
    error = error_of(locked.get("/v1/files", headers=key.headers), 403)
    assert error["code"] == "endpoint_not_allowed"


@pytest.mark.parametrize("announced", [True, False])
def test_a_file_over_the_limit_gets_413_with_the_number(locked: Served, announced: bool) -> None:
    body = form(PURPOSE, part("file", b"x" * 3_000_001 + b" " * 70_000 * announced, "f"))
    sent = body if announced else iter([body[:100_000], body[100_000:]])
    error = error_of(post(locked, sent), 413)
    assert (error["code"], error["param"]) == ("file_too_large", "file")
    assert "3000000 bytes" in error["message"]


def test_a_file_of_the_limit_passes_and_nothing_of_a_larger_one_stays(locked: Served) -> None:
    assert post(locked, form(PURPOSE, part("file", b"x" * 3_000_000, "f"))).status_code == 200
    before = locked.get("/v1/files", headers={"authorization": f"Bearer {KEYS[0]}"}).json()
    assert post(locked, form(PURPOSE, part("file", b"x" * 3_000_001, "f"))).status_code == 413
    assert locked.get("/v1/files", headers={"authorization": f"Bearer {KEYS[0]}"}).json() == before


def test_the_files_of_a_project_have_a_limit_together() -> None:
    with serving(scripted(), sections={"files": {"max_project_bytes": 10}}) as server:
        file = server.client.files.create(file=("f", b"12345678"), purpose="user_data")
        for content in (b"123", b"x" * 100_000):
            with pytest.raises(openai.APIStatusError) as caught:
                server.client.files.create(file=("f", content), purpose="user_data")
            assert (caught.value.status_code, caught.value.code) == (413, "storage_limit_reached")
            assert "10 bytes" in caught.value.message
        server.client.files.create(file=("f", b"12"), purpose="user_data")
        with pytest.raises(openai.APIStatusError):
            server.client.files.create(file=("f", b""), purpose="user_data")
        server.client.files.delete(file.id)
        assert server.client.files.create(file=("f", b"12345678"), purpose="user_data").bytes == 8


@pytest.mark.parametrize(
    "body, param, code",
    [
        (form(PURPOSE), "file", "missing_required_parameter"),
        (form(FILE), "purpose", "missing_required_parameter"),
        (form(FILE, part("purpose", b"batch_output")), "purpose", "invalid_value"),
        (form(FILE, PURPOSE, PURPOSE), "purpose", "invalid_value"),
        (form(FILE, FILE, PURPOSE), "file", "invalid_value"),
        (form(FILE, PURPOSE, part("colour", b"red")), "colour", "unknown_parameter"),
        (form(FILE, part("purpose", b"x" * 5000)), "purpose", "invalid_value"),
        (form(FILE, PURPOSE, part(SECONDS, b"5")), "expires_after[anchor]", "missing_required_parameter"),
        (form(*[part(f"p{number}", b"") for number in range(20)]), None, "invalid_form"),
        (FILE + PURPOSE, None, "invalid_form"),
        (form(FILE)[:40], None, "invalid_form"),
        (b"", None, "invalid_form"),
        (b"no form at all", None, "invalid_form"),
        (f"--{BOUNDARY}\r\nx: y\r\n\r\nz\r\n--{BOUNDARY}--\r\n".encode(), None, "invalid_form"),
    ],
)  # fmt: skip
def test_a_wrong_form_is_refused_and_leaves_nothing(locked: Served, body: bytes, param: str | None, code: str) -> None:
    mine = {"authorization": f"Bearer {KEYS[0]}"}
    before = locked.get("/v1/files", headers=mine).json()
    error = error_of(post(locked, body), 400)
    assert (error["param"], error["code"]) == (param, code)
    assert locked.get("/v1/files", headers=mine).json() == before


@pytest.mark.parametrize(
    "headers, expected",
    [
        ({"content-type": "application/json"}, "multipart/form-data"),
        ({"content-type": ""}, "multipart/form-data"),
        ({"content-encoding": "gzip"}, "without Content-Encoding"),
    ],
)
def test_what_is_no_form_gets_415(locked: Served, headers: dict[str, str], expected: str) -> None:
    error = error_of(post(locked, form(FILE, PURPOSE), headers), 415)
    assert error["code"] == "unsupported_media_type"
    assert expected in error["message"]


@pytest.mark.parametrize("content_type", ["multipart/form-data", f"multipart/form-data; boundary={'x' * 300}"])
def test_a_form_needs_a_boundary(locked: Served, content_type: str) -> None:
    assert error_of(post(locked, b"", {"content-type": content_type}), 400)["code"] == "invalid_form"


def test_a_web_page_elsewhere_cannot_send_files_without_a_key(server: Served) -> None:
    """Its browser does not ask us first, for a form."""
    strange = {"origin": "https://example.com"}
    answer = server.post("/v1/files", content=form(FILE, PURPOSE), headers=HEADERS | strange)
    assert error_of(answer, 403)["code"] == "origin_not_allowed"
    assert server.post("/v1/files", content=form(FILE, PURPOSE), headers=HEADERS).status_code == 200


def test_callers_without_a_key_need_one_for_files() -> None:
    with serving(scripted(), sections={"access": {"anonymous": "anywhere"}}, api_keys=KEYS) as server:
        error = error_of(server.post("/v1/files", content=form(FILE, PURPOSE), headers=HEADERS), 401)
        assert error["code"] == "missing_api_key"
        assert "files needs an API key" in error["message"]


def test_other_bodies_keep_their_limit() -> None:
    with serving(scripted(), max_body_bytes=1000) as server:
        file = server.client.files.create(file=("f", b"x" * 5000), purpose="user_data")
        assert file.bytes == 5000
        answer = server.post("/v1/batches", content=json.dumps({"metadata": {"x": "y" * 5000}}))
        assert answer.status_code == 413
