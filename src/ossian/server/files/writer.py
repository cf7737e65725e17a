"""Writes a file to the database, chunk by chunk."""

from dataclasses import replace

from ossian.storage.file_records import StoredFile
from ossian.storage.files import CHUNK_BYTES, FileStore


class FileWriter:
    """Writes one file, which nobody sees before it is completed. Made by `begin`."""

    def __init__(self, store: FileStore, file: StoredFile) -> None:
        self._store = store
        self._file = file
        self._waiting = bytearray()  # less than a chunk
        self._num_chunks = 0
        self.num_bytes = 0

    @classmethod
    async def begin(cls, store: FileStore, file: StoredFile) -> "FileWriter":
        """Begin a file."""
        await store.begin(file)
        return cls(store, file)

    async def write(self, content: bytes) -> None:
        """Append to the file."""
        self.num_bytes += len(content)
        self._waiting += content
        while len(self._waiting) >= CHUNK_BYTES:
            await self._append(CHUNK_BYTES)

    async def close(self) -> StoredFile:
        """Write what is left, and return the file, which is not completed yet."""
        if self._waiting:
            await self._append(len(self._waiting))
        return replace(self._file, num_bytes=self.num_bytes)

    async def discard(self) -> None:
        """Erase what was written."""
        await self._store.discard(self._file.id)

    async def _append(self, num_bytes: int) -> None:
        chunk = bytes(self._waiting[:num_bytes])
        await self._store.append(self._file.id, self._num_chunks, chunk)
        del self._waiting[:num_bytes]
        self._num_chunks += 1
