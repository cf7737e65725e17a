"""Servers that share a database and counters, and what an administrator does to them."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx2

from ossian.accounts.administration import PEPPER, Administration
from ossian.accounts.audit import Actor, ActorKind
from ossian.server.parts import new_id
from ossian.storage.database import Database
from tests.databases import delete_rows, postgresql_url
from tests.redis_server import drop_counters, redis_url
from tests.scripted_process import ScriptedProcesses, Wanted, scripted_processes
from tests.server.serving import MODEL

Done = TypeVar("Done")
Json = dict[str, Any]

NUM_WORKERS: Final = 4
ACTOR: Final = Actor(ActorKind.CLI, "tests")
SECONDS_INTO_A_MINUTE: Final = 1_763_680_010.0  # where the clock stands still: limits count minutes
QUESTION: Final[Json] = {"model": MODEL, "messages": [{"role": "user", "content": "2+2?"}]}


@dataclass(frozen=True)
class Cluster:
    """Running servers. No turn brings a token before `open_gate`, in those that have a gate."""

    processes: ScriptedProcesses
    wanted: Wanted
    urls: tuple[str, ...]

    @property
    def gate(self) -> Path:
        assert self.wanted.gate is not None
        return Path(self.wanted.gate)

    def open_gate(self) -> None:
        self.gate.touch()

    def shut_gate(self) -> None:
        self.gate.unlink(missing_ok=True)

    def administrate(self, act: Callable[[Administration], Awaitable[Done]]) -> Done:
        """Do something as an administrator on the servers' database."""

        async def do() -> Done:
            async with administration(self.wanted.database_url) as administered:
                return await act(administered)

        return asyncio.run(do())

    def key(self, *, limits: Json | None = None, limits_of_project: Json | None = None) -> str:
        """Return the secret of a new key, in a new project."""
        return self.keys(1, limits=limits, limits_of_project=limits_of_project)[0]

    def keys(self, num_keys: int, *, limits: Json | None = None, limits_of_project: Json | None = None) -> list[str]:
        """Return the secrets of new keys, all in one new project."""

        async def make(administered: Administration) -> list[str]:
            project = await administered.create_project(ACTOR, new_id("project "), limits=limits_of_project)
            made = [await administered.create_key(ACTOR, project.id, "a key", limits=limits) for _ in range(num_keys)]
            return [secret for _, secret in made]

        return self.administrate(make)

    def new_key(self) -> tuple[str, str, str]:
        """Return the ids of a new project and its new key, and the key's secret."""

        async def make(administered: Administration) -> tuple[str, str, str]:
            project = await administered.create_project(ACTOR, new_id("project "))
            key, secret = await administered.create_key(ACTOR, project.id, "a key")
            return project.id, key.id, secret

        return self.administrate(make)

    def revoke(self, project_id: str, key_id: str) -> None:
        self.administrate(lambda administered: administered.revoke_key(ACTOR, project_id, key_id))

    def admin_key(self) -> str:
        """Return the secret of a new admin key."""
        _, secret = self.administrate(lambda administered: administered.create_admin_key(ACTOR, "an admin key"))
        return secret


@asynccontextmanager
async def administration(database_url: str) -> AsyncIterator[Administration]:
    """Open a database and make changes in it."""
    database = await Database.open(database_url)
    try:
        yield Administration(database, await database.secret(PEPPER), time.time, new_id)
    finally:
        await database.close()


@contextmanager
def cluster(wanted: Wanted, num_workers: int = NUM_WORKERS) -> Iterator[Cluster]:
    """Run so many servers until the block ends."""
    with scripted_processes() as processes:
        yield Cluster(processes, wanted, tuple(processes.start(wanted) for _ in range(num_workers)))


def sharing(wanted: Wanted) -> Wanted:
    """The same with an empty PostgreSQL and an empty Redis."""
    url = postgresql_url()
    delete_rows(url)
    sections = {**wanted.sections, "limits": {"counters_url": redis_url()}}
    drop_counters()
    return replace(wanted, database_url=url, sections=sections)


async def ask_all(
    urls: tuple[str, ...], secrets: list[str], num_clients: int, num_requests: int, body: Json = QUESTION
) -> list[httpx2.Response]:
    """Send requests from so many clients at once, to each server and with each key in turn."""
    targets = zip(cycle(urls), cycle(secrets), range(num_requests), strict=False)
    answers: list[httpx2.Response] = []

    async def be_a_client() -> None:
        async with http_client() as http:
            for url, secret, _ in targets:  # the clients take theirs from one list
                answers.append(await http.post(f"{url}/v1/chat/completions", json=body, headers=bearer(secret)))

    await asyncio.gather(*(be_a_client() for _ in range(num_clients)))
    return answers


def http_client() -> httpx2.AsyncClient:
    return httpx2.AsyncClient(timeout=60, trust_env=False, verify=False)


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def statuses(answers: list[httpx2.Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)
