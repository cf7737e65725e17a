"""Many clients that come, read, leave in the middle and come again: nothing may be left of them."""

import asyncio
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import AsyncOpenAI

from ossian.storage.engines import NUM_CONNECTIONS
from tests.engine.embedded.checkpoints import tiny_config, write_checkpoint
from tests.served_process import ServedProcess, served_process

NUM_CLIENTS = 32
NUM_FILES_OF_SQLITE = 2  # of each connection: the database and its log
WARM_UP_SECONDS = 15.0
SECONDS = float(os.environ.get("SOAK_SECONDS", "120"))
WORDS = ["the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog", "while", "wizards", "juggle", "quartz"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServedProcess]:
    write_checkpoint(tmp_path, tiny_config(vocab_size=201_088))
    # About 90 blocks for 16 sequences: some must be preempted.
    small_cache = ("--set", "engine.kv_cache_bytes=800000", "--set", "engine.max_num_seqs=16")
    with served_process(str(tmp_path), "--served-name", "soak", "--log-level", "error", *small_cache) as process:
        yield process


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_32_streaming_clients_with_random_aborts_leave_nothing_behind(server: ServedProcess) -> None:
    await soak(server, WARM_UP_SECONDS)
    before = await idle_metrics(server)
    num_finished, num_aborted = await soak(server, SECONDS)
    after = await idle_metrics(server)

    assert after["ossian_engine_preemptions_total"] > before["ossian_engine_preemptions_total"]
    assert num_finished > NUM_CLIENTS
    assert num_aborted > NUM_CLIENTS
    assert after["ossian_engine_free_blocks"] == after["ossian_engine_blocks"]
    assert after["ossian_asyncio_tasks"] <= before["ossian_asyncio_tasks"]
    growth = after["process_resident_memory_bytes"] - before["process_resident_memory_bytes"]
    assert growth < 50e6, f"resident memory grew by {growth / 1e6:.0f} MB"
    # usage records are written meanwhile: a connection to the database is made when all others are busy, and kept
    assert after["process_open_fds"] <= before["process_open_fds"] + NUM_FILES_OF_SQLITE * NUM_CONNECTIONS


async def soak(server: ServedProcess, seconds: float) -> tuple[int, int]:
    """Keep every client busy for a while; returns how many streams were read to the end, and how many left."""
    deadline = time.monotonic() + seconds
    async with AsyncOpenAI(base_url=server.base_url, api_key="none", max_retries=0, timeout=120) as client:
        outcomes = await asyncio.gather(
            *(one_client(client, random.Random(seed), deadline) for seed in range(NUM_CLIENTS))
        )
    return sum(each[0] for each in outcomes), sum(each[1] for each in outcomes)


async def one_client(client: AsyncOpenAI, rng: random.Random, deadline: float) -> tuple[int, int]:
    num_finished = num_aborted = 0
    while time.monotonic() < deadline:
        if rng.random() < 0.5:
            await read(client, rng, max_chunks=None)
            num_finished += 1
        elif rng.random() < 0.8:
            await read(client, rng, max_chunks=rng.randint(1, 20))
            num_aborted += 1
        else:
            await leave_during_prefill(client, rng)
            num_aborted += 1
    return num_finished, num_aborted


async def read(client: AsyncOpenAI, rng: random.Random, max_chunks: int | None) -> None:
    """Read a stream to its end, or leave after some chunks."""
    stream = await client.chat.completions.create(
        model="soak",
        messages=[{"role": "user", "content": " ".join(rng.choices(WORDS, k=rng.randint(1, 200)))}],
        max_completion_tokens=rng.randint(1, 250),
        temperature=1.0,
        stream=True,
    )
    async with stream:
        num_chunks = 0
        async for _ in stream:
            num_chunks += 1
            if num_chunks == max_chunks:
                return


async def leave_during_prefill(client: AsyncOpenAI, rng: random.Random) -> None:
    task = asyncio.create_task(read(client, rng, max_chunks=None))
    await asyncio.sleep(rng.random() * 0.05)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def idle_metrics(server: ServedProcess) -> dict[str, float]:
    """The metrics once the server has noticed that all clients are gone, which it must within seconds."""
    for _ in range(100):
        metrics = server.metrics()
        if metrics["ossian_engine_running"] == 0 and metrics["ossian_http_requests_in_progress"] <= 1:
            return metrics
        await asyncio.sleep(0.1)
    raise AssertionError(f"still running: {metrics}")
