"""Where the client looks for its server and its keys: arguments, then the environment, then this machine."""

import pytest

from ossian import AsyncClient, Client

HERE = "http://127.0.0.1:8000/v1/"


def test_without_a_word_the_server_is_this_machine_s_and_no_secret_of_openai_goes_there() -> None:
    with Client() as client:
        assert str(client.base_url) == HERE
        assert (client.api_key, client.admin_api_key) == ("", None)


async def test_nor_from_the_asynchronous_one() -> None:
    async with AsyncClient() as client:
        assert str(client.base_url) == HERE
        assert (client.api_key, client.admin_api_key) == ("", None)


def test_the_environment_names_server_and_keys(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("OSSIAN_BASE_URL", "https://ossian.example/v1")
    environment.setenv("OSSIAN_API_KEY", "sk-ossian-a")
    environment.setenv("OSSIAN_ADMIN_KEY", "sk-ossian-admin-a")
    with Client() as client:
        assert str(client.base_url) == "https://ossian.example/v1/"
        assert (client.api_key, client.admin_api_key) == ("sk-ossian-a", "sk-ossian-admin-a")
    with Client(base_url="http://127.0.0.1:1/v1", api_key="sk-ossian-b", admin_api_key="sk-ossian-admin-b") as client:
        assert str(client.base_url) == "http://127.0.0.1:1/v1/"
        assert (client.api_key, client.admin_api_key) == ("sk-ossian-b", "sk-ossian-admin-b")


def test_a_copy_keeps_the_keys_of_the_client_it_is_made_from(environment: pytest.MonkeyPatch) -> None:
    with Client(api_key="sk-ossian-b", admin_api_key="sk-ossian-admin-b") as client:
        environment.setenv("OSSIAN_API_KEY", "sk-ossian-a")
        copy = client.with_options(timeout=1)
        assert (copy.api_key, copy.admin_api_key) == ("sk-ossian-b", "sk-ossian-admin-b")
