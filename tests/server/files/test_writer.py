from dataclasses import replace

import pytest

from ossian.server.files.writer import FileWriter
from ossian.storage import Database
from ossian.storage.file_records import StoredFile
from ossian.storage.files import CHUNK_BYTES
from tests.server.serving import DATABASE, NOW, database_folder

FILE = StoredFile("file-1", "a", NOW, 0, "f", "user_data")


@pytest.mark.parametrize(
    "sizes", [[], [0], [5], [CHUNK_BYTES], [CHUNK_BYTES - 1, 2], [3 * CHUNK_BYTES + 7], [700_000] * 5]
)
async def test_what_is_written_is_what_is_read_in_chunks(sizes: list[int]) -> None:
    pieces = [bytes([index % 256]) * size for index, size in enumerate(sizes, 1)]
    with database_folder() as folder:
        database = await Database.open(f"sqlite:///{folder / DATABASE}")
        writer = await FileWriter.begin(database.files, FILE)
        for piece in pieces:
            await writer.write(piece)
        file = await writer.close()
        assert file == replace(FILE, num_bytes=sum(sizes))
        assert await database.files.get("a", "file-1", NOW) is None
        await database.files.complete(file)
        assert await database.files.get("a", "file-1", NOW) == file
        chunks = [chunk async for chunk in database.files.chunks("file-1")]
        assert b"".join(chunks) == b"".join(pieces)
        assert all(len(chunk) == CHUNK_BYTES for chunk in chunks[:-1])
        await database.close()


async def test_what_is_discarded_leaves_nothing() -> None:
    with database_folder() as folder:
        database = await Database.open(f"sqlite:///{folder / DATABASE}")
        writer = await FileWriter.begin(database.files, FILE)
        await writer.write(b"x" * (CHUNK_BYTES + 1))
        await writer.discard()
        assert [chunk async for chunk in database.files.chunks("file-1")] == []
        await database.close()
