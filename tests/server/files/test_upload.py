"""What an upload takes, and what is left of one that breaks off."""

import socket
import sqlite3
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

from tests.server.serving import DATABASE, Served, scripted, serving, until

MEBIBYTE = 1024 * 1024
HEAD = b'--limit\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n'
HEAD += b'--limit\r\ncontent-disposition: form-data; name="file"; filename="large"\r\n\r\n'
HEADERS = {"content-type": "multipart/form-data; boundary=limit"}


def form(num_mebibytes: int) -> Iterator[bytes]:
    yield HEAD
    for _ in range(num_mebibytes * 16):
        yield b"x" * (MEBIBYTE // 16)
    yield b"\r\n--limit--\r\n"


def test_a_large_file_is_never_in_memory_as_a_whole() -> None:
    with serving(scripted()) as server, server.http() as http:
        assert http.post("/v1/files", content=form(1), headers=HEADERS).status_code == 200  # what is made only once
        tracemalloc.start()
        try:
            file = http.post("/v1/files", content=form(48), headers=HEADERS).json()
            uploading = tracemalloc.get_traced_memory()[1]
            tracemalloc.reset_peak()
            with http.stream("GET", f"/v1/files/{file['id']}/content") as answer:
                num_bytes = sum(len(piece) for piece in answer.iter_raw())
            downloading = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert file["bytes"] == num_bytes == 48 * MEBIBYTE
        assert max(uploading, downloading) < 16 * MEBIBYTE


def num_rows(server: Served) -> tuple[int, int]:
    with closing(sqlite3.connect(server.parts.settings.data_dir / DATABASE)) as connection:
        counted = "SELECT (SELECT count(*) FROM files), (SELECT count(*) FROM file_chunks)"
        found: tuple[int, int] = connection.execute(counted).fetchone()
    return found


def test_an_upload_that_breaks_off_leaves_nothing() -> None:
    with serving(scripted()) as server:
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname, address.port)) as line:
            head = f"POST /v1/files HTTP/1.1\r\nhost: localhost\r\ncontent-type: {HEADERS['content-type']}\r\n"
            line.sendall(f"{head}content-length: 9000000\r\n\r\n".encode() + HEAD + b"x" * 3 * MEBIBYTE)
            until(lambda: num_rows(server)[1] >= 2)
        until(lambda: num_rows(server) == (0, 0))
        assert server.get("/v1/files").json()["data"] == []


def test_uploads_at_the_same_time_have_one_limit_together() -> None:
    """What is still being uploaded counts as well, else a project's limit is one for each connection."""
    content = b"x" * 3 * MEBIBYTE
    whole = HEAD + content + b"\r\n--limit--\r\n"
    head = f"POST /v1/files HTTP/1.1\r\nhost: localhost\r\ncontent-type: {HEADERS['content-type']}\r\n"
    with serving(scripted(), sections={"files": {"max_project_bytes": 4 * MEBIBYTE}}) as server:
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname, address.port), timeout=30) as line:
            line.sendall(f"{head}content-length: {len(whole)}\r\n\r\n".encode() + whole[: 2 * MEBIBYTE])
            until(lambda: num_rows(server)[0] == 1)
            for second in (whole, form(3)):  # with its length, and without
                refused = server.post("/v1/files", content=second, headers=HEADERS)
                assert (refused.status_code, refused.json()["error"]["code"]) == (413, "storage_limit_reached")
            assert server.post("/v1/files", content=HEAD + b"\r\n--limit--\r\n", headers=HEADERS).status_code == 200
            line.sendall(whole[2 * MEBIBYTE :])
            assert line.recv(100).startswith(b"HTTP/1.1 200 ")
        assert num_rows(server)[0] == 2
