"""What a stranger may send before anybody can ask for his key."""

import socket
from collections.abc import Iterator
from itertools import repeat

import pytest

from ossian.server.http_protocol import MAX_SILENT_BYTES
from tests.server.serving import Served, scripted, serving

BEGIN = b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n"
CHUNKED = b"POST /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\n\r\n"
NUM_SENT = 500  # times as much as is taken
LINE = b"x-header: " + b"a" * 1000 + b"\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with serving(scripted()) as served:
        yield served


def opened(server: Served) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=30)


def num_taken(connection: socket.socket, start: bytes, pieces: Iterator[bytes]) -> int:
    """How many bytes a server takes of what would not end by itself for long."""
    num_bytes = 0
    try:
        connection.sendall(start)
        for piece in pieces:
            connection.sendall(piece)
            num_bytes += len(piece)
    except OSError:  # it has closed the connection
        pass
    return num_bytes


@pytest.mark.parametrize(
    "start, piece",
    [
        (BEGIN, LINE),
        (BEGIN + b"x-header: ", b"a" * 1000),
        (BEGIN, b"x" * 1000),
        (b"GET /", b"a" * 1000),
        (b"", b"\r\n" * 500),
        (CHUNKED + b"1;x=", b"a" * 1000),
        (CHUNKED + b"1\r\nx\r\n0\r\n", LINE),
    ],
    ids=["many headers", "a long header", "a long name", "a long url", "nothing", "a long chunk's head", "trailers"],
)
def test_what_does_not_get_to_the_point_is_not_kept(server: Served, start: bytes, piece: bytes) -> None:
    num_pieces = NUM_SENT * MAX_SILENT_BYTES // len(piece)
    with opened(server) as connection:
        num_bytes = num_taken(connection, start, repeat(piece, num_pieces))
    assert num_bytes < NUM_SENT * MAX_SILENT_BYTES / 2
    assert server.get("/healthz").status_code == 200


def test_who_sends_too_much_is_told(server: Served) -> None:
    with opened(server) as connection:
        connection.sendall((BEGIN + b"x-header: ").ljust(MAX_SILENT_BYTES + 1, b"a"))
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")


def test_large_heads_and_bodies_are_taken(server: Served) -> None:
    headers = {f"x-header-{number}": "a" * 1000 for number in range(30)}
    with server.http() as client:  # on one connection: each request has room of its own
        for _ in range(4):
            assert client.get("/healthz", headers=headers).status_code == 200
            answer = client.post("/v1/nothing", content=repeat(b"x" * 1000, 1000), headers=headers)
            assert answer.status_code == 404
