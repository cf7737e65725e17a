"""The lines of files as they come in chunks."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from ossian.server.batches.input_lines import input_lines
from ossian.storage.files import CHUNK_BYTES, FileStore


class AtOnce(FileStore):
    """Files whose chunks are there without waiting for a database, so that nothing else gives others their turn."""

    def __init__(self, *chunks: bytes) -> None:
        self._chunks = chunks

    async def chunks(self, file_id: str) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk


async def test_lines_go_on_from_chunk_to_chunk() -> None:
    lines = input_lines(AtOnce(b"one\ntw", b"o", b"\n\nfour"), "file-1", 100)
    assert [[(line.number, line.text) for line in each] async for each in lines] == [
        [(1, b"one")],
        [],
        [(2, b"two")],
        [(4, b"four")],
    ]


@pytest.mark.parametrize("line", [b"\n", b"x\n"])
async def test_others_are_served_while_a_chunk_of_tiny_lines_is_cut(line: bytes) -> None:
    """It takes seconds: a file of blank lines would be a standstill for every caller of the server."""
    num_turns = 0

    async def others() -> None:
        nonlocal num_turns
        while True:
            await asyncio.sleep(0)
            num_turns += 1

    task = asyncio.create_task(others())
    async for _ in input_lines(AtOnce((line * CHUNK_BYTES)[:CHUNK_BYTES]), "file-1", 100):
        pass
    task.cancel()
    assert num_turns > 10
