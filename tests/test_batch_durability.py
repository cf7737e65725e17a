"""kill -9 in the middle of batches: no finished line is lost, none is told twice, and somebody goes on."""

import random
import time
from pathlib import Path

import pytest
from openai import DefaultHttpxClient, OpenAI
from openai.types import Batch

from tests.scripted_process import Wanted, scripted_processes
from tests.server.batches.asking import CHAT, RESPONSES, counts, create, ended, lines, results
from tests.server.serving import until

pytestmark = pytest.mark.slow

SECTIONS = {"batches": {"lease_seconds": 1, "max_running": 4}}


def client_of(url: str) -> OpenAI:
    plain = DefaultHttpxClient(verify=False, trust_env=False)
    return OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=60, http_client=plain)


def check(client: OpenAI, batch: Batch, num_lines: int) -> None:
    """The batch is completed, with every line once, and all that is said of it adds up."""
    found = ended(client, batch)
    assert (found.status, counts(found)) == ("completed", (num_lines, num_lines, 0))
    output = results(client, found.output_file_id)
    assert sorted(output) == sorted(f"request-{index}" for index in range(num_lines))
    names = ("input_tokens", "prompt_tokens")
    usages = [result["response"]["body"]["usage"] for result in output.values()]
    assert found.usage is not None
    assert found.usage.input_tokens == sum(usage.get(names[0], usage.get(names[1])) for usage in usages)


ROUNDS = [
    pytest.param(2, 40, id="2 kills"),
    pytest.param(20, 1000, id="20 kills", marks=[pytest.mark.slow, pytest.mark.timeout(1200)]),
]


@pytest.mark.parametrize("num_kills, num_lines", ROUNDS)
def test_a_batch_survives_its_servers(database_url: str, tmp_path: Path, num_kills: int, num_lines: int) -> None:
    """The same server again and again, killed when it has just done something."""
    chance = random.Random(num_kills)
    wanted = Wanted(database_url, str(tmp_path), SECTIONS)
    with scripted_processes() as processes:
        url = processes.start(wanted)
        with client_of(url) as client:
            batches = [
                create(client, lines(num_lines), CHAT),
                create(client, lines(num_lines, RESPONSES), RESPONSES),
            ]
        for _ in range(num_kills):
            with client_of(url) as client:
                before = num_done(client, batches)
                until(lambda: num_done(client, batches) > before or is_over(client, batches))  # noqa: B023 (waited for)
            time.sleep(chance.uniform(0, 0.1))
            processes.kill(url)
            url = processes.start(wanted)
            with client_of(url) as client:
                assert num_done(client, batches) >= before, "what was told is not untold"
        with client_of(url) as client:
            for batch in batches:
                check(client, batch, num_lines)


@pytest.mark.slow
def test_another_server_goes_on(database_url: str, tmp_path: Path) -> None:
    """The first server can finish nothing; the second waits until its lease has ended."""
    gate = tmp_path / "gate"
    stuck = Wanted(database_url, str(tmp_path), SECTIONS, gate=str(gate))
    with scripted_processes() as processes:
        first = processes.start(stuck)
        with client_of(first) as client:
            batch = create(client, lines(20))
            until(lambda: client.batches.retrieve(batch.id).status == "in_progress")
        second = processes.start(Wanted(database_url, str(tmp_path), SECTIONS))
        processes.kill(first)
        with client_of(second) as client:
            check(client, batch, 20)


def num_done(client: OpenAI, batches: list[Batch]) -> int:
    return sum(counts(client.batches.retrieve(batch.id))[1] for batch in batches)


def is_over(client: OpenAI, batches: list[Batch]) -> bool:
    return all(client.batches.retrieve(batch.id).status == "completed" for batch in batches)
