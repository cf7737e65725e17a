"""`ossian.run`, and what `import ossian` loads."""

import subprocess
import sys

import openai
import pytest

import ossian
from ossian.client.shared import shared_client
from tests.server.serving import MODEL, Served, scripted, serving

CHAT = {"messages": [{"role": "user", "content": "2+2?"}]}


def test_one_call_is_enough(server: Served, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("OSSIAN_BASE_URL", f"{server.url}/v1")
    answer = ossian.run(MODEL, CHAT)
    assert answer["choices"][0]["message"]["content"] == "It is 4."
    streamed = ossian.run(MODEL, {**CHAT, "stream": True})
    assert next(type(chunk) for chunk in streamed) is dict


def test_calls_share_their_connections_until_the_environment_names_another_server(
    server: Served, environment: pytest.MonkeyPatch
) -> None:
    with serving(scripted()) as other:
        for each in (server, other, server):
            environment.setenv("OSSIAN_BASE_URL", f"{each.url}/v1")
            ossian.run(MODEL, CHAT)
    assert shared_client.cache_info().currsize == 2


def test_without_a_server_the_way_out_is_said(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("OSSIAN_BASE_URL", "http://127.0.0.1:1/v1")
    with pytest.raises(openai.APIConnectionError, match="Start one with `ossian serve`, or set OSSIAN_BASE_URL"):
        ossian.run(MODEL, CHAT)


def test_the_public_names_are_there_and_no_others() -> None:
    assert ossian.__all__ == ["AsyncClient", "Client", "__version__", "run"]
    for name in ossian.__all__:
        assert getattr(ossian, name)
    with pytest.raises(AttributeError, match="no attribute 'Server'"):
        ossian.Server  # noqa: B018


def loaded_by(program: str) -> set[str]:
    command = [sys.executable, "-c", f"import sys; {program}; print(*sys.modules)"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_importing_the_package_loads_no_client() -> None:
    assert loaded_by("import ossian").isdisjoint({"openai", "pydantic", "httpx2", "ossian.client"})
    assert "openai" in loaded_by("import ossian; ossian.Client")


def test_the_client_loads_no_server() -> None:
    loaded = loaded_by("import ossian; ossian.Client")
    assert loaded.isdisjoint({"fastapi", "uvicorn", "sqlalchemy", "ossian.server", "ossian._native", "numpy"})
