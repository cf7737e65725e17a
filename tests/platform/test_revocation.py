"""A key that is revoked on one server is refused on all, within a second."""

import time
from collections.abc import Iterator

import httpx2
import pytest

from ossian import Client
from tests.platform.cluster import QUESTION, Cluster, bearer, cluster, sharing
from tests.scripted_process import Wanted

pytestmark = [pytest.mark.postgres, pytest.mark.redis]
SECONDS = 1.0  # what is promised


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(sharing(Wanted("", str(tmp_path_factory.mktemp("workers"))))) as running:
        yield running


@pytest.fixture
def http() -> Iterator[httpx2.Client]:
    with httpx2.Client(timeout=60, trust_env=False, verify=False) as http:
        yield http


@pytest.fixture
def admin(workers: Cluster) -> Iterator[Client]:
    """An administrator, who talks to the first server alone."""
    with Client(base_url=f"{workers.urls[0]}/v1", admin_api_key=workers.admin_key()) as client:
        yield client


def code_of(http: httpx2.Client, url: str, secret: str) -> str | None:
    """Why a server refuses a key; None: it does not."""
    answer = http.post(f"{url}/v1/chat/completions", json=QUESTION, headers=bearer(secret))
    return None if answer.status_code == 200 else str(answer.json()["error"]["code"])


def wait_until_refused(http: httpx2.Client, urls: tuple[str, ...], secret: str, code: str, since: float) -> None:
    """No request that begins after the promised time may be answered."""
    accepted = set(urls)
    while accepted:
        is_late = time.monotonic() - since > SECONDS
        codes = {url: code_of(http, url, secret) for url in accepted}
        assert set(codes.values()) <= {None, code}
        accepted = {url for url, found in codes.items() if found is None}
        assert not (accepted and is_late)


def test_a_revoked_key(workers: Cluster, admin: Client, http: httpx2.Client) -> None:
    project = admin.admin.create_project("revoked")
    key = admin.admin.create_key(project.id, "laptop")
    assert [code_of(http, url, key.value) for url in workers.urls] == [None] * len(workers.urls)
    admin.admin.organization.projects.api_keys.delete(key.id, project_id=project.id)
    revoked_at = time.monotonic()
    assert code_of(http, workers.urls[0], key.value) == "revoked_api_key"  # at once, where it was done
    wait_until_refused(http, workers.urls, key.value, "revoked_api_key", revoked_at)


def test_a_disabled_key_until_it_is_enabled_again(workers: Cluster, admin: Client, http: httpx2.Client) -> None:
    project = admin.admin.create_project("disabled")
    key = admin.admin.create_key(project.id, "laptop")
    assert [code_of(http, url, key.value) for url in workers.urls] == [None] * len(workers.urls)
    admin.admin.update_key(project.id, key.id, enabled=False)
    wait_until_refused(http, workers.urls, key.value, "disabled_api_key", time.monotonic())
    admin.admin.update_key(project.id, key.id, enabled=True)
    while any(code_of(http, url, key.value) for url in workers.urls):
        pass


def test_the_keys_of_an_archived_project(workers: Cluster, admin: Client, http: httpx2.Client) -> None:
    project = admin.admin.create_project("archived")
    secrets = [admin.admin.create_key(project.id, "laptop").value for _ in range(2)]
    for secret in secrets:
        assert [code_of(http, url, secret) for url in workers.urls] == [None] * len(workers.urls)
    admin.admin.organization.projects.archive(project.id)
    archived_at = time.monotonic()
    for secret in secrets:
        wait_until_refused(http, workers.urls, secret, "project_archived", archived_at)


def test_a_revoked_admin_key(workers: Cluster, admin: Client, http: httpx2.Client) -> None:
    made = admin.admin.organization.admin_api_keys.create(name="operations")
    assert made.value is not None
    headers = bearer(made.value)

    def is_accepted(url: str) -> bool:
        return http.get(f"{url}/v1/organization/projects", headers=headers).status_code == 200

    assert all(is_accepted(url) for url in workers.urls)
    admin.admin.organization.admin_api_keys.delete(made.id)
    revoked_at = time.monotonic()
    for url in workers.urls:
        is_late = False
        while is_accepted(url):
            assert not is_late
            is_late = time.monotonic() - revoked_at > SECONDS


def test_a_key_revoked_by_another_program_on_the_same_database(workers: Cluster, http: httpx2.Client) -> None:
    """As `ossian keys revoke` does it, while servers run."""
    project_id, key_id, secret = workers.new_key()
    assert [code_of(http, url, secret) for url in workers.urls] == [None] * len(workers.urls)
    workers.revoke(project_id, key_id)
    wait_until_refused(http, workers.urls, secret, "revoked_api_key", time.monotonic())


def test_a_server_that_starts_later_knows_what_was_revoked(workers: Cluster, http: httpx2.Client) -> None:
    project_id, key_id, secret = workers.new_key()
    workers.revoke(project_id, key_id)
    url = workers.processes.start(workers.wanted)
    assert code_of(http, url, secret) == "revoked_api_key"
