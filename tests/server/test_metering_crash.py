"""kill -9 while clients are answered: what is lost of the usage records is bounded, and the rest is whole."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Event

import httpx2
import pytest

from tests.scripted_process import Wanted, scripted_processes
from tests.server.records import PRICED, usage_in
from tests.server.serving import MODEL

LOST_SECONDS = 2.0  # 0.5 where a write takes no longer than it should
NUM_CLIENTS = 8
NUM_KILLS = 5


@pytest.mark.slow
def test_a_server_that_is_killed_loses_at_most_its_last_half_second(tmp_path: Path) -> None:
    answered_at: dict[str, float] = {}  # by request id
    wanted = Wanted(f"sqlite:///{tmp_path / 'ossian.sqlite3'}", str(tmp_path), sections=PRICED)
    with scripted_processes() as processes:
        for _ in range(NUM_KILLS):
            url = processes.start(wanted)
            told, killed_at = asked_until_it_is_killed(url, partial(processes.kill, url))
            assert len(told) > NUM_CLIENTS
            records = {record.request_id: record for record in asyncio.run(usage_in(tmp_path))}
            lost = [name for name in told if name not in records]
            assert all(killed_at - told[name] < LOST_SECONDS for name in lost), "older ones are on disk"
            answered_at |= told
    kept = [records[name] for name in answered_at if name in records]
    assert {(record.outcome, record.model) for record in kept} == {("succeeded", MODEL)}
    assert len({record.cost for record in kept}) == 1, "each is whole"


def asked_until_it_is_killed(url: str, kill: Callable[[], None]) -> tuple[dict[str, float], float]:
    """When requests were answered, by their ids, and when the server was killed."""
    told: dict[str, float] = {}
    is_over = Event()

    def be_a_client() -> None:
        body = {"model": MODEL, "messages": [{"role": "user", "content": "2+2?"}]}
        with httpx2.Client(base_url=url, timeout=30, trust_env=False, verify=False) as client:
            while not is_over.is_set():
                try:
                    answer = client.post("/v1/chat/completions", json=body)
                except httpx2.TransportError:
                    return
                told[answer.headers["x-request-id"]] = time.monotonic()

    with ThreadPoolExecutor(NUM_CLIENTS) as threads:
        clients = [threads.submit(be_a_client) for _ in range(NUM_CLIENTS)]
        time.sleep(1.5)
        killed_at = time.monotonic()
        kill()
        is_over.set()
        for client in clients:
            client.result()
    return told, killed_at
