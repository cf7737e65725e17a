"""The lines of a batch's input file, from the database."""

import asyncio
from collections.abc import AsyncIterator

from ossian.api.batches.lines import InputLine, LineReader
from ossian.storage.files import FileStore


async def input_lines(files: FileStore, file_id: str, max_line_bytes: int) -> AsyncIterator[list[InputLine]]:
    """Yield the lines of a file in order: those that end in its first chunk, in its second, and so on."""
    reader = LineReader(max_line_bytes)
    async for chunk in files.chunks(file_id):
        yield await asyncio.to_thread(_fed, reader, chunk)
    yield list(reader.close())


def _fed(reader: LineReader, chunk: bytes) -> list[InputLine]:
    """The lines that end in a chunk. There can be a million, which takes so long that it is not for the event loop."""
    return list(reader.feed(chunk))
