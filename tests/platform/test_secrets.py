"""No secret is in any log, in the database, in the counters or in the metrics.

Keys of every kind are used well and badly, and then looked for. The log is at its most talkative.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
from psycopg import sql
from redis import Redis
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from ossian.accounts.keys import KeyKind, new_secret, prefix_of
from tests.databases import TABLES, sqlite_url
from tests.platform.cluster import QUESTION, Cluster, bearer, cluster, sharing
from tests.platform.conftest import ALONE, SHARED_SLOWLY
from tests.scripted_process import Wanted
from tests.server.serving import MODEL

NUM_LOOKED_FOR = 10  # characters after those that may be shown: enough that it is no chance to find them


@pytest.fixture(scope="module", params=[ALONE, SHARED_SLOWLY])
def workers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("workers")
    sections = {"log": {"level": "debug"}}
    wanted = Wanted(sqlite_url(folder), str(folder), sections, log=str(folder / "log"))
    if request.param == "alone":
        with cluster(wanted, 1) as running:
            yield running
    else:
        with cluster(sharing(wanted)) as running:
            yield running


@pytest.fixture
def http() -> Iterator[httpx2.Client]:
    with httpx2.Client(timeout=60, trust_env=False, verify=False) as http:
        yield http


Use = Callable[[str], dict[str, Any]]


def chat(secret: str, **fields: Any) -> dict[str, Any]:
    return post("/v1/chat/completions", headers=bearer(secret), json={**QUESTION, **fields})


def post(path: str, **options: Any) -> dict[str, Any]:
    return {"method": "POST", "url": path, **options}


def get(path: str, **options: Any) -> dict[str, Any]:
    return {"method": "GET", "url": path, **options}


JSON = {"content-type": "application/json"}
OVHCLOUD = "/api/openai_compat/v1/chat/completions"
MODELS = "/v1/models"

USES: dict[str, Use] = {
    "as a bearer": chat,
    "for a stream": lambda secret: chat(secret, stream=True),
    "for an unknown model": lambda secret: chat(secret, model="no-model"),
    "as the model": lambda secret: chat(secret, model=secret),
    "as a virtual name": lambda secret: chat(secret, model=f"{secret}@cheapest"),
    "as a field's name": lambda secret: chat(secret, **{secret: 1}),
    "as the user": lambda secret: chat(secret, user=secret),
    "for a response": lambda secret: post(
        "/v1/responses", json={"model": MODEL, "input": "2+2?"}, headers=bearer(secret)
    ),
    "for a broken body": lambda secret: post("/v1/responses", content=b"{", headers=bearer(secret) | JSON),
    "as the body": lambda secret: post("/v1/responses", content=secret, headers=bearer(secret) | JSON),
    "for the admin API": lambda secret: get("/v1/organization/projects", headers=bearer(secret)),
    "as a password": lambda secret: get(MODELS, auth=("user", secret)),
    "with another scheme": lambda secret: get(MODELS, headers={"authorization": f"Token {secret}"}),
    "without a scheme": lambda secret: get(MODELS, headers={"authorization": secret}),
    "without its end": lambda secret: get(MODELS, headers=bearer(secret[:-1])),
    "in other headers": lambda secret: get(MODELS, headers={"x-api-key": secret, "cookie": f"key={secret}"}),
    "as the request's id": lambda secret: get(MODELS, headers={"x-request-id": secret}),
    "in the query": lambda secret: get(MODELS, params={"api_key": secret}),
    "as the method": lambda secret: {"method": secret, "url": MODELS},
    "as the address": lambda secret: get(f"/{secret}"),
    "without its end in the address": lambda secret: get(f"/{secret[:-1]}"),
    "with more at its end in the address": lambda secret: get(f"/{secret}abc"),
    "as a model's name in the address": lambda secret: get(f"{MODELS}/{secret}", headers=bearer(secret)),
    "as a response's id": lambda secret: get(f"/v1/responses/{secret}", headers=bearer(secret)),
    "as a key's prefix": lambda secret: get(f"/v1/keys/{secret}", headers=bearer(secret)),
    "as a model before its address": lambda secret: post(f"/{secret}{OVHCLOUD}", json=QUESTION),
    "as a project": lambda secret: post(f"/project/p-{secret}/genai/{MODEL}/v1/chat/completions", json=QUESTION),
}


def talk(url: str, secret: str) -> None:
    """Use a secret, good or bad, on a WebSocket."""
    address = url.replace("http", "ws") + f"/v1/responses?key={secret}"
    with (
        suppress(InvalidStatus),
        connect(address, additional_headers=bearer(secret), proxy=None) as connection,
    ):
        connection.send("{}")
        connection.recv(timeout=10)


def secrets_of(workers: Cluster) -> list[str]:
    """Secrets of every kind: that are good, that were revoked, that were never ours."""
    project_id, key_id, revoked = workers.new_key()
    workers.revoke(project_id, key_id)
    unknown = [new_secret(), new_secret(KeyKind.ADMIN)]
    return [workers.key(), workers.admin_key(), revoked, *unknown]


def written(workers: Cluster) -> dict[str, str]:
    """All that the servers have written anywhere, and what they show of themselves."""
    folder = Path(workers.wanted.data_dir)
    files = [path for path in folder.rglob("*") if path.is_file()]
    places = {path.name: path.read_bytes().decode("latin-1") for path in files}
    if workers.wanted.database_url.startswith("postgresql"):
        places |= {"database": everything_in(workers.wanted.database_url), "counters": counters_of(workers)}
    with httpx2.Client(trust_env=False, verify=False) as http:
        metrics = [http.get(f"{url}/metrics", headers=bearer(workers.admin_key())) for url in workers.urls]
    assert {answer.status_code for answer in metrics} == {200}
    return places | {"metrics": "".join(answer.text for answer in metrics)}


def everything_in(database_url: str) -> str:
    with psycopg.connect(database_url) as connection:
        tables = [sql.Identifier(name) for (name,) in connection.execute(TABLES).fetchall()]
        selects = [sql.SQL("SELECT * FROM {}").format(table) for table in tables]
        return "\n".join(repr(row) for select in selects for row in connection.execute(select).fetchall())


def counters_of(workers: Cluster) -> str:
    with Redis.from_url(workers.wanted.sections["limits"]["counters_url"]) as redis:
        return "\n".join(f"{key!r} {redis.get(key)!r}" for key in redis.scan_iter())


def test_no_secret_is_written_anywhere(workers: Cluster, http: httpx2.Client) -> None:
    secrets = secrets_of(workers)
    for secret in secrets:
        for url, use in zip(cycle(workers.urls), USES.values(), strict=False):
            request = use(secret)
            http.request(**{**request, "url": url + request["url"]})
        talk(workers.urls[0], secret)
    places = written(workers)
    assert places["log"].count('"event": "request"') > len(secrets) * len(USES) / 2
    assert all(prefix_of(secret) in places["log"] for secret in secrets)  # what was in addresses is there, cut short
    found = {
        (place, secret)
        for place, text in places.items()
        for secret in secrets
        if secret[len(prefix_of(secret)) :][:NUM_LOOKED_FOR] in text
    }
    assert found == set()
