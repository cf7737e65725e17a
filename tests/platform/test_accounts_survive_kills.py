"""kill -9 while keys are made, changed, revoked and used over HTTP: what was told is so, and nothing is there by half.

That of the stores alone is in tests/storage/test_durability.py.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Event, Thread
from typing import Final

import httpx2
import openai
import pytest

from ossian import Client
from ossian.storage import AuditFilter, Database, StoredUsage, UsageFilter
from tests.platform.cluster import QUESTION, Cluster, bearer
from tests.scripted_process import Wanted, scripted_processes
from tests.server.serving import MODEL, until

NUM_OF_EACH: Final = 2  # administrators and users at a time
ENOUGH: Final = 3  # of everything, before the server is killed
NUM_KILLS: Final = 10
EVERYTHING: Final = 10**12
PRICES: Final = {"catalog": {"models": [{"id": MODEL, "prices": {"input": "0.05", "output": "0.20"}}]}}


@dataclass(frozen=True, slots=True)
class Used:
    """A request that was answered; times are of the monotonic clock."""

    began: float
    told: float


@dataclass
class Witness:
    """What clients were told before the server died."""

    project_id: str
    secret: str
    created: set[str] = field(default_factory=set)
    disabled: set[str] = field(default_factory=set)
    revoked: set[str] = field(default_factory=set)
    used: dict[str, Used] = field(default_factory=dict)  # by the request's id

    def is_told_enough(self) -> bool:
        return min(len(self.revoked), len(self.used)) >= ENOUGH


Work = Callable[[Client, Witness, str], None]


def administrate(client: Client, witness: Witness, name: str) -> None:
    """Make a key, disable it, revoke it."""
    key = client.admin.create_key(witness.project_id, name)
    witness.created.add(key.id)
    client.admin.update_key(witness.project_id, key.id, enabled=False)
    witness.disabled.add(key.id)
    client.admin.organization.projects.api_keys.delete(key.id, project_id=witness.project_id)
    witness.revoked.add(key.id)


def use(client: Client, witness: Witness, name: str) -> None:
    began = time.monotonic()
    client.with_options(default_headers={"x-request-id": name}).run(MODEL, QUESTION)
    witness.used[name] = Used(began, time.monotonic())


@contextmanager
def clients(url: str, admin_key: str, witness: Witness) -> Iterator[None]:
    """Work until the server is gone."""
    ended = Event()

    def work_on(work: Work, name: str) -> None:
        with (
            Client(base_url=f"{url}/v1", api_key=witness.secret, admin_api_key=admin_key, max_retries=0) as client,
            suppress(openai.APIConnectionError, httpx2.TransportError),
        ):
            for number in count():
                if ended.is_set():
                    break
                work(client, witness, f"{name}-{number}-{time.monotonic_ns()}")

    names = [(work, f"{work.__name__}-{number}") for work in (administrate, use) for number in range(NUM_OF_EACH)]
    threads = [Thread(target=work_on, args=pair) for pair in names]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


async def check(database_url: str, witness: Witness) -> None:
    database = await Database.open(database_url)
    try:
        await check_keys(database, witness)
        await check_usage(database, witness)
    finally:
        await database.close()


async def check_keys(database: Database, witness: Witness) -> None:
    """The keys are as the audit log says and as was told; the last change of each client may have been made untold."""
    page = await database.keys.page(witness.project_id, limit=EVERYTHING, include_revoked=True)
    log = await database.audit.page(AuditFilter(project_ids=[witness.project_id]), limit=EVERYTHING)
    assert page is not None
    assert log is not None
    keys = [key for key in page.items if key.name.startswith("administrate")]
    disabled = {key.id for key in keys if not key.is_enabled}
    revoked = {key.id for key in keys if key.revoked_at is not None}
    done = {"created": {key.id for key in keys}, "updated": disabled, "deleted": revoked}
    told = {"created": witness.created, "updated": witness.disabled, "deleted": witness.revoked}
    for kind, ids in done.items():
        assert told[kind] <= ids
        assert len(ids - told[kind]) <= NUM_OF_EACH
    entries = Counter((entry.type, entry.object_id) for entry in log.items if entry.actor_kind == "admin_key")
    assert entries == Counter((f"api_key.{kind}", key_id) for kind, ids in done.items() for key_id in ids)


async def check_usage(database: Database, witness: Witness) -> None:
    """Each request is there once and whole, or was among the last; what was spent is the sum of what is there."""
    page = await database.usage.page(0, EVERYTHING, UsageFilter(project_ids=[witness.project_id]), limit=EVERYTHING)
    assert page is not None
    stored = {record.request_id: record for record in page.items}
    assert len(stored) == len(page.items)
    assert all(is_whole(record) for record in page.items)
    assert await database.usage.spent("project", witness.project_id) == sum(each.cost for each in page.items)
    lost = [used for name, used in witness.used.items() if name not in stored]
    kept = [used for name, used in witness.used.items() if name in stored]
    assert not any(later.began > earlier.told for earlier in lost for later in kept)


def is_whole(record: StoredUsage) -> bool:
    return record.outcome != "succeeded" or bool(
        record.num_prompt_tokens and record.num_completion_tokens and record.cost
    )


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_what_was_told_of_accounts_survives_a_kill(database_url: str, tmp_path: Path) -> None:
    chance = random.Random(NUM_KILLS)
    wanted = Wanted(database_url, str(tmp_path), PRICES)
    with scripted_processes() as processes:
        running = Cluster(processes, wanted, ())
        admin_key = running.admin_key()
        for _ in range(NUM_KILLS):
            url = processes.start(wanted)
            project_id, _, secret = running.new_key()
            witness = Witness(project_id, secret)
            with clients(url, admin_key, witness):
                until(witness.is_told_enough)
                time.sleep(chance.uniform(0, 0.5))
                processes.kill(url)
            asyncio.run(check(database_url, witness))
            url = processes.start(wanted)
            check_going_on(url, witness, admin_key)
            processes.kill(url)


def check_going_on(url: str, witness: Witness, admin_key: str) -> None:
    """A server that is started then takes the keys as they were left."""
    with httpx2.Client(base_url=url, timeout=60, trust_env=False, verify=False) as http:
        answer = http.post("/v1/chat/completions", json=QUESTION, headers=bearer(witness.secret))
        assert answer.status_code == 200, answer.text
        path = f"/v1/organization/projects/{witness.project_id}/api_keys/{next(iter(witness.revoked))}"
        assert http.get(path, headers=bearer(admin_key)).json()["status"] == "revoked"
