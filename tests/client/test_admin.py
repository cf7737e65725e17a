"""The admin part of both clients, against a server."""

from collections.abc import AsyncIterator, Iterator

import openai
import pytest

from ossian import AsyncClient, Client
from tests.server.keys import make_admin_key
from tests.server.serving import MODEL, Served

CHAT = {"messages": [{"role": "user", "content": "2+2?"}]}


@pytest.fixture(scope="module")
def admin_key(server: Served) -> str:
    return make_admin_key(server).secret


@pytest.fixture
def client(server: Served, admin_key: str) -> Iterator[Client]:
    with Client(base_url=f"{server.url}/v1", admin_api_key=admin_key) as client:
        yield client


@pytest.fixture
async def async_client(server: Served, admin_key: str) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(base_url=f"{server.url}/v1", admin_api_key=admin_key) as client:
        yield client


def test_a_project_and_a_key_that_answers(client: Client) -> None:
    project = client.admin.create_project(
        "one", limits={"requests_per_minute": 400}, budget={"amount": "2.5", "period": "month"}
    )
    assert project.limits == {"requests_per_minute": 400, "tokens_per_minute": None, "concurrent_requests": None}
    assert project.budget == {"amount": "2.5", "period": "month"}
    key = client.admin.create_key(project.id, "laptop", scopes={"models": [MODEL]}, expires_in_seconds=3600)
    assert (key.name, key.project_id, key.status, key.enabled) == ("laptop", project.id, "active", True)
    assert key.scopes is not None
    assert key.scopes["models"] == [MODEL]
    holder = client.with_options(api_key=key.value, admin_api_key=key.value)
    assert holder.run(MODEL, CHAT)["model"] == MODEL
    with pytest.raises(openai.PermissionDeniedError, match="admin key"):
        holder.admin.create_project("another")


def test_what_is_changed_is_changed_and_nothing_else(client: Client) -> None:
    project = client.admin.create_project("two", model_limits={MODEL: {"concurrent_requests": 3}})
    renamed = client.admin.update_project(project.id, name="2")
    assert renamed == project.model_copy(update={"name": "2"})
    key = client.admin.create_key(project.id, "laptop", description="on the desk")
    changed = client.admin.update_key(project.id, key.id, enabled=False, limits={"requests_per_minute": 5})
    assert (changed.status, changed.description) == ("disabled", "on the desk")
    with pytest.raises(openai.AuthenticationError, match="disabled"):
        client.with_options(api_key=key.value).run(MODEL, CHAT)
    assert client.admin.update_key(project.id, key.id, enabled=True, limits=None).limits is None


def test_the_part_that_openai_has_too(client: Client) -> None:
    organization = client.admin.organization
    project = organization.projects.create(name="three")
    key = client.admin.create_key(project.id, "laptop")
    assert [each.id for each in organization.projects.api_keys.list(project.id)] == [key.id]
    assert organization.projects.api_keys.delete(key.id, project_id=project.id).deleted
    with pytest.raises(openai.AuthenticationError, match="revoked"):
        client.with_options(api_key=key.value).run(MODEL, CHAT)
    assert organization.audit_logs.list().data[0].type == "api_key.deleted"


async def test_the_asynchronous_client_does_the_same(async_client: AsyncClient) -> None:
    admin = async_client.admin
    project = await admin.create_project("four", limits={"tokens_per_minute": 10_000})
    assert (await admin.update_project(project.id, budget=None)).limits == project.limits
    key = await admin.create_key(project.id, "laptop", limits={"concurrent_requests": 2})
    holder = async_client.with_options(api_key=key.value)
    assert (await holder.run(MODEL, CHAT))["model"] == MODEL
    assert (await admin.update_key(project.id, key.id, enabled=False)).status == "disabled"
    with pytest.raises(openai.AuthenticationError):
        await holder.run(MODEL, CHAT)


def test_what_is_wrong_is_named(client: Client) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.admin.create_project("five", budget={"amount": "-1"})
    assert caught.value.param == "budget.amount"
    with pytest.raises(openai.NotFoundError):
        client.admin.create_key("proj_none", "laptop")


def test_without_an_admin_key_there_is_no_administration(server: Served) -> None:
    with Client(base_url=f"{server.url}/v1") as client, pytest.raises(openai.AuthenticationError):
        client.admin.create_project("six")


async def test_whoever_has_no_key_sends_none(server: Served, client: Client) -> None:
    """A server that has keys lets in who has none, being on its machine, but not who has a wrong one."""
    project = client.admin.create_project("seven")
    client.admin.create_key(project.id, "laptop")
    url = f"{server.url}/v1"
    with Client(base_url=url) as anonymous:
        assert anonymous.run(MODEL, CHAT)["model"] == MODEL
        assert anonymous.with_options(timeout=9).models.list().data
    async with AsyncClient(base_url=url) as async_anonymous:
        assert (await async_anonymous.run(MODEL, CHAT))["model"] == MODEL
    with Client(base_url=url, api_key="sk-wrong") as wrong, pytest.raises(openai.AuthenticationError):
        wrong.run(MODEL, CHAT)
