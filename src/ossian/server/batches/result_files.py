"""The files that a batch ends with: one of answers, and one of errors where there are any."""

import asyncio
from dataclasses import dataclass, field

from ossian.api.batches.lines import InputLine
from ossian.api.batches.requests import LineReading
from ossian.api.batches.results import unmade_line
from ossian.api.files.file import BATCH_OUTPUT
from ossian.server.batches.endings import Ending
from ossian.server.batches.input_lines import input_lines
from ossian.server.batches.tools import BatchTools
from ossian.server.files.writer import FileWriter
from ossian.storage.file_records import StoredBatch, StoredFile

SECONDS_PER_DAY = 86_400


@dataclass
class ResultFiles:
    """Writes them. Nobody sees them before the batch is finished with what `close` returns."""

    tools: BatchTools
    batch: StoredBatch
    num_unmade: int = 0
    _writers: dict[str, FileWriter] = field(default_factory=dict)  # by kind: output, error

    async def write(self, reading: LineReading, ending: Ending) -> None:
        """Write all results, then the lines that have none, if the file was looked at."""
        done: set[int] = set()
        async for result in self.tools.batches.results(self.batch.id):
            done.add(result.line)
            await self._write("error" if result.is_error else "output", result.text)
        if len(done) < self.batch.num_lines:
            max_line_bytes = self.tools.max_line_bytes
            async for lines in input_lines(self.tools.files, self.batch.input_file_id, max_line_bytes):
                left = [line for line in lines if line.number not in done]
                text = await asyncio.to_thread(self._unmade, reading, left, ending)
                if left:
                    await self._write("error", text)
                    self.num_unmade += len(left)

    async def close(self) -> dict[str, StoredFile]:
        """Return the files there are, by their kinds."""
        return {kind: await writer.close() for kind, writer in self._writers.items()}

    async def discard(self) -> None:
        """Erase them."""
        for writer in self._writers.values():
            await writer.discard()

    def _unmade(self, reading: LineReading, lines: list[InputLine], ending: Ending) -> bytes:
        ids = [reading.custom_id(line) for line in lines]
        new_id = self.tools.new_id
        return b"".join(unmade_line(new_id("batch_req_"), custom_id, ending.code, ending.message) for custom_id in ids)

    async def _write(self, kind: str, text: bytes) -> None:
        if kind not in self._writers:
            self._writers[kind] = await FileWriter.begin(self.tools.files, self._file(kind))
        await self._writers[kind].write(text)

    def _file(self, kind: str) -> StoredFile:
        now, asked = int(self.tools.now()), self.batch.body["output_expires_after"]
        seconds = asked["seconds"] if asked else int(self.tools.settings.output_days * SECONDS_PER_DAY)
        name = f"{self.batch.id}_{kind}.jsonl"
        file_id = self.tools.new_id("file-")
        return StoredFile(file_id, self.batch.scope, now, 0, name, BATCH_OUTPUT, now + seconds)
