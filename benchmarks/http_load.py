"""Load for HTTP servers: so many connections, each asking again as soon as it is answered.

A client of its own, since a full one would take longer than the servers that are measured.
"""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

END_OF_HEAD: Final = b"\r\n\r\n"
LAST_CHUNK: Final = b"0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked, and of whom."""

    port: int
    body: bytes
    key: str = ""
    path: str = "/v1/chat/completions"

    @property
    def request(self) -> bytes:
        """The request as it is sent."""
        authorization = f"Authorization: Bearer {self.key}\r\n" if self.key else ""
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Type: application/json\r\n"
            f"{authorization}Content-Length: {len(self.body)}\r\n\r\n"
        )
        return head.encode() + self.body


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of load showed. Latencies are in seconds."""

    latencies: tuple[float, ...]
    seconds: float

    @property
    def requests_per_second(self) -> float:
        """How many were answered in a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, percent: int) -> float:
        """The latency that so many percent of the requests did not exceed."""
        if len(self.latencies) == 1:
            return self.latencies[0]
        return statistics.quantiles(self.latencies, n=100, method="inclusive")[percent - 1]


async def load(target: Target, num_connections: int, num_requests: int) -> Round:
    """Ask so many times in all. Raises RuntimeError for an answer that is not 200."""
    connections = [await asyncio.open_connection("127.0.0.1", target.port) for _ in range(num_connections)]
    numbers = iter(range(num_requests))
    latencies: list[float] = []

    async def ask_again(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = target.request
        for _ in numbers:
            before = time.perf_counter()
            writer.write(request)
            await read_answer(reader)
            latencies.append(time.perf_counter() - before)

    try:
        before = time.perf_counter()
        await asyncio.gather(*(ask_again(reader, writer) for reader, writer in connections))
        seconds = time.perf_counter() - before
    finally:
        for _, writer in connections:
            writer.close()
            await writer.wait_closed()
    return Round(tuple(latencies), seconds)


async def read_answer(reader: asyncio.StreamReader) -> bytes:
    """Read one answer and return its body, as it is framed. Raises RuntimeError when its status is not 200."""
    status, headers = await read_head(reader)
    if "content-length" in headers:
        body = await reader.readexactly(int(headers["content-length"]))
    else:
        body = b"".join([chunk async for chunk in chunks(reader)])
    if " 200 " not in f"{status} ":
        raise RuntimeError(f"{status}: {body[:500]!r}")
    return body


async def read_head(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]]:
    """Read the head of an answer and return its status line and its headers, in lower case."""
    status, *lines = (await reader.readuntil(END_OF_HEAD)).decode("latin-1").lower().split("\r\n")
    named = (line.partition(":") for line in lines if line)
    return status, {name: value.strip() for name, _, value in named}


async def chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Read to the last chunk; yields what comes, chunk by chunk, with its framing."""
    chunk = b""
    while chunk != LAST_CHUNK:
        size = await reader.readuntil(b"\r\n")
        chunk = size + await reader.readexactly(int(size, 16) + 2)
        yield chunk
