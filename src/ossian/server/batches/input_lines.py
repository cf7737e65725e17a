"""The lines of a batch's input file, from the database."""

from collections.abc import AsyncIterator

from ossian.api.batches.lines import InputLine, LineReader
from ossian.storage.files import FileStore


async def input_lines(files: FileStore, file_id: str, max_line_bytes: int) -> AsyncIterator[list[InputLine]]:
    """Yield the lines of a file in order: those that end in its first chunk, in its second, and so on."""
    reader = LineReader(max_line_bytes)
    async for chunk in files.chunks(file_id):
        yield list(reader.feed(chunk))
    yield list(reader.close())
